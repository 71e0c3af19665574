"""Hand-made meshes, furniture archives and Debian packages for tests."""

import io
import lzma
import tarfile
import zipfile

#: A box 1 wide (x), 2 high (y), 3 deep (z) whose front (+z) is red, of quads, in two materials.
BOX_OBJ = """mtllib box.mtl
v 0 0 0
v 1 0 0
v 1 2 0
v 0 2 0
v 0 0 3
v 1 0 3
v 1 2 3
v 0 2 3
usemtl body
f 4 3 2 1
f 1 2 6 5
f 2 3 7 6
f 3 4 8 7
f 4 1 5 8
usemtl front
f -4 -3 -2 -1
"""
BOX_MTL = "newmtl body\nKd 0 0 1\nd 1\n\nnewmtl front\nKd 1 0 0\n"
PROPERTIES = """# a catalogue
license=Some licence 1.0
id#1=Lib#van
name#1=Delivery van
model#1=/scopia/van/van.obj
width#1=200
depth#1=600
height#1=400
creator#1=Ann \\u00c9
id#2=Lib#stroller
name#2=Stroller
model#2=/scopia/stroller/van.obj
width#2=50
depth#2=150
height#2=100
creator#2=Bob
id#3=Lib#broken
model#3=/scopia/broken/broken.obj
width#3=wide
"""


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def archive_of(path, extra=()):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", PROPERTIES)
        archive.writestr("LICENSE.TXT", "Some licence")
        for name in ("van", "stroller"):
            archive.writestr(f"scopia/{name}/van.obj", BOX_OBJ)
            archive.writestr(f"scopia/{name}/box.mtl", BOX_MTL)
        for name in extra:
            archive.writestr(name, "bad")
    return path


def deb_of(path, members):
    """A Debian package: an ar archive of version, control and data."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"./usr/share/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    control = io.BytesIO()
    with tarfile.open(fileobj=control, mode="w"):
        pass
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": lzma.compress(control.getvalue()),
        "data.tar.xz": lzma.compress(data.getvalue()),
    }
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, content in parts.items():
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
            file.write(content + b"\n" * (len(content) % 2))
    return path
