"""The page of a report (jinja2)."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pose_ssl_ros: {{ summary.scenario or 'run' }}, seed {{ summary.seed }}</title>
<style>
:root { color-scheme: light; --good:#15803d; --bad:#b91c1c; --so:#a16207; --line:#e5e7eb; --soft:#6b7280 }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1020px; padding: 24px 20px 60px; color: #111827; background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 18px; margin: 36px 0 8px }
p, figure { margin: 6px 0 } .soft { color: var(--soft); font-size: 13px }
ul.verdicts { list-style: none; padding: 0; margin: 18px 0 }
ul.verdicts li { padding: 8px 12px; margin: 6px 0; border-left: 5px solid; background: #f9fafb }
ul.verdicts li.good { border-color: var(--good) } ul.verdicts li.bad { border-color: var(--bad) }
ul.verdicts li.so { border-color: var(--so) }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(225px, 1fr)); gap: 8px; margin: 14px 0 }
.tile { border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px }
.tile b { display: block; font-size: 17px; font-weight: 600 } .tile span { color: var(--soft); font-size: 12px }
table { border-collapse: collapse; font-size: 13px; width: 100% } .wide { overflow-x: auto }
th, td { text-align: right; padding: 4px 8px; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left } th { color: var(--soft); font-weight: 500 }
img { max-width: 100%; height: auto } .pair { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start }
.row { display: flex; gap: 6px; margin: 8px 0; flex-wrap: wrap } .crop { width: 104px; font-size: 11px }
.crop img { width: 100px; height: 100px; display: block; border: 3px solid #d1d5db }
.crop.query { margin-right: 14px } .crop.query img { border-color: #111827 }
.crop.good img { border-color: var(--good) } .crop.bad img { border-color: var(--bad) }
.crop.so img { border-color: #d1d5db }
</style></head><body>
<h1>{{ summary.scenario or 'Run' }} <span class="soft">seed {{ summary.seed }},
{{ '%.0f'|format(summary.robot_seconds) }} s of robot time{{ '' if summary.finished else ', not finished' }}</span></h1>
<ul class="verdicts">
{% for v in verdicts %}<li class="{{ v.tone }}">{{ v.sentence }}</li>
{% endfor %}</ul>
<div class="tiles">
{% for name, value in tiles %}<div class="tile"><b>{{ value }}</b><span>{{ name }}</span></div>
{% endfor %}</div>

<h2>Learning curve</h2>
{% if pictures.curve %}<figure><img alt="toward/away accuracy over robot time" src="{{ pictures.curve }}"></figure>
<p class="soft">Share of sightings of true objects within 45° of towards or away that were called so; unknown is wrong.
Thin lines: a new model took over. Neighbouring frames show the same objects, so windows are noisier than their counts
suggest.</p>
{% else %}<p>No window of the run had ground truth and an answer to compare.</p>{% endif %}

<h2>Where it is right and where not</h2>
<div class="wide"><table><tr><th></th><th>sightings</th><th>objects</th><th>found</th><th>toward/away</th>
<th>commoner answer</th><th>reversed</th><th>unknown</th><th>azimuth</th><th>axis</th><th>flipped</th></tr>
{% for row in split %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>
<p class="soft">Parked objects are answered from appearance alone. Azimuth and axis: median error. Reversed: toward
called away or away called toward. Flipped: azimuth more than 90° off. Commoner answer: what always saying the more
frequent of the two would score.</p>
<div class="pair">
{% if pictures.confusion %}<figure><img alt="confusion matrix" src="{{ pictures.confusion }}"></figure>{% endif %}
{% if summary.heading.by_category %}<div><table><tr><th>category</th><th>sightings</th><th>found</th>
<th>toward/away</th><th>unknown</th></tr>
{% for name, part in summary.heading.by_category.items() %}<tr><td>{{ name }}</td><td>{{ part.n }}</td>
<td>{{ percent(part.coverage) }}</td><td>{{ percent(part.toward_away_accuracy) }}</td>
<td>{{ percent(part.unknown_rate) }}</td></tr>
{% endfor %}</table>
{% if summary.identity.names %}<p class="soft">Prototypes:
{% for name, category in summary.identity.names.items() %}{{ name }} = {{ category }}{{ ', ' if not loop.last }}
{%- endfor %}</p>{% endif %}</div>{% endif %}
</div>

<h2>What the encoder sees</h2>
{% if pictures.projection %}<figure><img alt="embedding in two dimensions" src="{{ pictures.projection }}"></figure>
<p class="soft">The newest model's embedding of the last {{ crops }} matched crops, principal axes. Labels are ground
truth.</p>{% endif %}
{% if panels %}<p>Nearest neighbours, never the same object. Green: same category and within 45° of the query; red: same
category, another direction; grey: another category.</p>
{% for panel in panels %}<div class="row"><div class="crop query"><img alt="query" src="{{ panel.query.src }}">
{{ panel.query.caption }}</div>
{% for crop in panel.found %}<div class="crop {{ crop.tone }}"><img alt="neighbour" src="{{ crop.src }}">
{{ crop.caption }}</div>
{% endfor %}</div>
{% endfor %}{% endif %}
{% if note %}<p>{{ note }}</p>{% endif %}

<h2>The drive</h2>
{% if pictures.timeline %}<figure><img alt="danger, speed, collisions over time" src="{{ pictures.timeline }}"></figure>
{% else %}<p>No odometry came, so there is no record of speed.</p>{% endif %}
{% if pictures.latency %}<figure><img alt="latency histogram" src="{{ pictures.latency }}"></figure>
<p class="soft">From the arrival of an image to the arrival of its detections, both at the evaluator.</p>{% endif %}

<h2>Models</h2>
{% if models %}<div class="wide"><table><tr><th>version</th><th>objective</th><th>published at</th><th>in use from</th>
<th>steps</th><th>heading ready</th><th>sightings</th><th>toward/away</th><th>sha256</th></tr>
{% for m in models %}<tr><td>{{ m.version }}</td><td>{{ m.objective }}</td>
<td>{{ number(m.published_robot_seconds, '.0f') }} s</td>
<td>{{ 'never' if m.swapped_robot_seconds is none else number(m.swapped_robot_seconds, '.0f') ~ ' s' }}</td>
<td>{{ number(m.training.get('steps'), ',.0f') }}</td><td>{{ 'yes' if m.heading_ready else 'no' }}</td>
<td>{{ m.heading.n }}</td><td>{{ percent(m.heading.toward_away_accuracy) }}</td><td>{{ m.sha256[:12] }}</td></tr>
{% endfor %}</table></div>
{% if hidden_models %}<p class="soft">{{ hidden_models }} older ones are in summary.json.</p>{% endif %}
{% else %}<p>No model was published.</p>{% endif %}

<h2>Settings</h2>
<div class="wide"><table>
{% for name, value in settings %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table></div>
{% if left_out %}<p class="soft">Left out: {{ left_out|join('; ') }}.</p>{% endif %}
<p class="soft">Figures are in summary.json; the film is annotated.mp4 beside this file.</p>
</body></html>
"""
