"""Build file read by pip (without ROS 2) and by colcon (with it); the one place that names dependencies."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

NAME = "pose_ssl_ros"
HERE = Path(__file__).resolve().parent

EXECUTABLES = {
    "triplet_node": "pose_ssl_ros.nodes.triplet_node:main",
    "learner_node": "pose_ssl_ros.nodes.learner_node:main",
    "inference_node": "pose_ssl_ros.nodes.inference_node:main",
    "planner_node": "pose_ssl_ros.nodes.planner_node:main",
    "source_node": "pose_ssl_ros.nodes.source_node:main",
    "evaluator_node": "pose_ssl_ros.nodes.evaluator_node:main",
    "recorder_node": "pose_ssl_ros.nodes.recorder_node:main",
    "sim_node": "pose_ssl_sim.node:main",
    "pose-ssl": "pose_ssl_ros.cli.main:main",
}

REQUIRES = [
    "numpy>=1.26",
    "opencv-python-headless>=4.8,<5",  # 5 renumbered the type constants that cv_bridge relies on
    "torch>=2.1",
    "onnx>=1.15",
    "onnxruntime>=1.17",
    "protobuf>=4.21",
    "safetensors>=0.4",
    "pyyaml>=6",
    "rosbags>=0.11",
    "mcap>=1.1",  # reads what rosbags refuses: cut files and those whose index lies
    "zstandard>=0.21",
    "lz4>=4",  # both: chunks of such files
    "cyclonedds>=0.10.5",
    "av>=12",
    "matplotlib>=3.7",
    "jinja2>=3.1",
    "rich>=13",
]
EXTRAS = {
    "sim": ["pybullet>=3.2.5"],
    "dev": [
        "pytest>=8,<9.2",  # 9.2 hides item ids from pytest-xdist 3.8: `--dist loadgroup` then groups nothing
        "pytest-xdist>=3.5",
        "hypothesis>=6.100",
        "ruff>=0.6",
        "mypy>=1.11",
        "types-PyYAML",
        "catkin-pkg>=1.0",
        "psutil>=5.9",
        "playwright>=1.40",  # drives the Chromium that is installed: the report is tested in it
        "scikit-learn>=1.3",  # reference for our own measures of clustering
    ],
    # Reference of the loss formulas; tools/setup.sh installs it without what it depends on.
    "reference": ["lightly>=1.5", "torchvision>=0.16"],
}


def version() -> str:
    """The version that `pose_ssl_ros/__init__.py` states."""
    text = (HERE / NAME / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'__version__ = "([^"]+)"', text).group(1)


def packages() -> list:
    """Our packages; the folder `sim` is installed under the name `pose_ssl_sim`."""
    found = find_namespace_packages(include=[NAME, f"{NAME}.*"], exclude=["*.__pycache__", "*.__pycache__.*"])
    simulation = ["pose_ssl_sim" + name[len("sim") :] for name in find_namespace_packages(include=["sim", "sim.*"])]
    return found + [name for name in simulation if "__pycache__" not in name]


def data_files() -> list:
    """Where colcon and pip put what is not code: `share/pose_ssl_ros/<same folder as here>`."""
    share = Path("share") / NAME
    files = {
        "share/ament_index/resource_index/packages": [f"resource/{NAME}"],
        str(share): ["package.xml"],
    }
    for folder in ("launch", "config", "rviz", "models"):
        for path in sorted((HERE / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(HERE)
                files.setdefault(str(share / relative.parent), []).append(str(relative))
    return sorted(files.items())


setup(
    name=NAME,
    version=version(),
    description="Self-supervised pose-aware object perception for moving robots",
    license="Apache-2.0",
    author="pose_ssl_ros maintainers",
    python_requires=">=3.10",
    packages=packages(),
    package_dir={"pose_ssl_sim": "sim"},
    package_data={
        "": ["*.yaml", "*.csv", "*.msg", "*.srv", "*.j2", "*.html", "*.json", "*.onnx", "MODEL_CARD.md", "py.typed"]
    },
    data_files=data_files(),
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    zip_safe=False,
    entry_points={"console_scripts": [f"{name} = {target}" for name, target in EXECUTABLES.items()]},
)
