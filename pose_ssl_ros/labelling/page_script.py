"""What the page does: it draws the state, sends one change at a time, and works with the keyboard alone."""

SCRIPT = r"""
"use strict";
const secret = document.body.dataset.secret;
const byId = id => document.getElementById(id);
const list = byId("list");
let state = null, drawn = "", parting = null, busy = false, hush = 0;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}
function say(text, bad = false) {
  const box = byId("said");
  box.textContent = text;
  box.className = bad ? "shown bad" : "shown";
  clearTimeout(hush);
  hush = setTimeout(() => { box.className = ""; }, bad ? 8000 : 3500);
}
async function send(request, done) {
  if (busy) return false;
  busy = true;
  try {
    const answer = await fetch("/do", { method: "POST", body: JSON.stringify(request),
      headers: { "Content-Type": "application/json", "X-Pose-Ssl-Secret": secret } });
    const found = await answer.json();
    if (!answer.ok) {
      say(found.error, true);
      if (answer.status === 409) await look(true);
      return false;
    }
    parting = null;
    take(found, true);
    say(done);
    return true;
  } catch (error) {
    say("pose-ssl label does not answer: is it still running?", true);
    return false;
  } finally { busy = false; }
}
async function look(force = false) {
  try {
    const answer = await fetch("/state");
    if (answer.ok) take(await answer.json(), force);
  } catch (error) { byId("status").textContent = "pose-ssl label does not answer: is it still running?"; }
}
function ago(seconds) {
  if (seconds < 90) return Math.round(seconds) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  return seconds < 172800 ? Math.round(seconds / 3600) + " h" : Math.round(seconds / 86400) + " days";
}
function writing() {
  const here = document.activeElement;
  return parting !== null || document.querySelector("dialog[open]") !== null ||
    (here && here.matches("article input[type=text]") && here.value !== here.defaultValue);
}
function take(found, force) {
  state = found;
  tellStatus();
  const key = JSON.stringify([found.prototypes, found.revision, byId("unnamed").checked]);
  if (key === drawn || (!force && writing())) return;
  drawn = key;
  draw();
}
function tellStatus() {
  const s = state;
  const parts = [];
  if (s.age === null) parts.push("No checkpoint yet in " + s.directory + ".");
  else {
    const named = s.prototypes.filter(p => p.named).length;
    parts.push(`${s.prototypes.length} prototypes, ${named} named, of ${s.tracks} tracks.`);
    parts.push(`The learner saved ${ago(s.age)} ago.`);
    if (s.revision && s.taken) parts.push("It has taken these names.");
    else if (s.revision && s.age > 120) parts.push("It seems not to run: the names are kept and taken when it starts.");
    else if (s.revision) parts.push("A running learner takes the names at once.");
  }
  byId("status").textContent = parts.join(" ");
  byId("undo").disabled = !s.undo;
  const problems = byId("problems");
  problems.replaceChildren(...s.problems.map(text => make("p", { textContent: text })));
  if (s.damaged) {
    const button = make("button", { textContent: "Put the damaged file aside and begin anew" });
    button.onclick = () => send({ op: "set_aside" }, "put aside; the file is kept");
    problems.append(make("p", {}, button));
  }
}
function shown() {
  return state.prototypes.filter(p => !byId("unnamed").checked || (!p.named && !p.ignored));
}
function draw() {
  const here = document.activeElement && document.activeElement.closest("article");
  const number = here && here.dataset.number;
  const cards = shown();
  list.replaceChildren(...cards.map(card));
  const empty = byId("empty");
  empty.hidden = cards.length > 0;
  empty.textContent = state.age === null
    ? "There is nothing to name yet: the learner writes its first checkpoint half a minute after it saw something. " +
      "This page looks again by itself."
    : state.prototypes.length ? "All of them have names." : "The learner has not grouped anything yet.";
  const titles = [...new Set(state.prototypes.filter(p => p.named).map(p => p.name))];
  byId("names").replaceChildren(...titles.map(value => make("option", { value })));
  if (number) focus(number);
}
function focus(number) {
  const found = list.querySelector(`article[data-number="${CSS.escape(number)}"]`);
  if (found) found.focus();
}
function card(p) {
  const article = make("article", { tabIndex: 0, className: (p.named ? "named " : "") + (p.ignored ? "ignored" : "") });
  article.dataset.number = p.number;
  article.setAttribute("aria-label", p.title + ", " + p.tracks + " tracks");
  const name = make("input", { type: "text", maxLength: 64, placeholder: "name it", value: p.name, defaultValue: p.name,
    autocomplete: "off", spellcheck: false });
  name.setAttribute("list", "names");
  name.setAttribute("aria-label", "name of " + p.automatic);
  name.onkeydown = event => nameKey(event, p, name, article);
  const also = p.merged.length ? " with " + p.merged.map(n => "object_" + n).join(", ") : "";
  const gone = "not in the buffer now; its examples are kept";
  const seen = p.tracks ? `${p.tracks} track${p.tracks === 1 ? "" : "s"}` : gone;
  const count = make("span", { className: "count", textContent: seen + also });
  const ignore = make("button", { type: "button" }, p.ignored ? "Heed " : "Ignore ", make("kbd", { textContent: "i" }));
  ignore.onclick = () => toggle(p);
  const merge = make("button", { type: "button" }, "Merge ", make("kbd", { textContent: "m" }));
  merge.disabled = state.prototypes.length < 2;
  merge.onclick = () => mergeDialog(p);
  const split = make("button", { type: "button" }, "Split off ", make("kbd", { textContent: "s" }));
  split.disabled = new Set(p.crops.map(c => c.track)).size < 2;
  split.onclick = () => part(p);
  const top = make("div", { className: "top" }, make("span", { className: "number", textContent: p.automatic }), name,
    merge, split, ignore, ...p.merged.map(n => {
      const apart = make("button", { type: "button", textContent: "Part object_" + n });
      apart.onclick = () => send({ op: "part", number: n, was: p.title }, `object_${n} is by itself again`);
      return apart;
    }), count);
  const crops = make("ul", { className: "crops" }, ...p.crops.map((crop, index) => {
    const image = make("img", { src: "/" + crop.source, loading: "lazy", alt: `${p.title}, crop ${index + 1}` });
    if (parting !== p.number) return make("li", {}, image);
    const box = make("input", { type: "checkbox", value: crop.track });
    box.setAttribute("aria-label", `crop ${index + 1}`);
    box.onchange = () => { for (const other of article.querySelectorAll(".crops input"))
      if (other.value === crop.track) other.checked = box.checked; };
    return make("li", {}, make("label", {}, box, image));
  }));
  article.append(top, crops);
  if (parting === p.number) {
    const yes = make("button", { type: "button", textContent: "Split off what is chosen" });
    yes.onclick = () => splitOff(p, article);
    const no = make("button", { type: "button", textContent: "Leave it" });
    no.onclick = () => { parting = null; draw(); focus(p.number); };
    article.append(make("p", { className: "row parting" },
      "Choose the crops that are something else; crops of one track go together.", yes, no));
  }
  return article;
}
async function nameKey(event, p, input, article) {
  event.stopPropagation();
  if (event.key === "Escape") { input.value = p.name; article.focus(); }
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  const cards = shown().map(x => x.number);
  const next = cards[cards.indexOf(p.number) + 1] || p.number;
  if (input.value.trim() === p.name && p.name) { focus(next); return; }
  const text = input.value.trim();
  const done = text ? `${p.automatic} is called ${text}` : `${p.automatic} has no name any more`;
  if (await send({ op: "name", number: p.number, name: input.value, was: p.title }, done)) focus(next);
}
function toggle(p) {
  send({ op: p.ignored ? "heed" : "ignore", number: p.number, was: p.title },
    p.ignored ? `${p.automatic} is heeded again` : `${p.automatic} is ignored: answered as unknown`);
}
function mergeDialog(p) {
  const others = state.prototypes.filter(x => x.number !== p.number);
  if (!others.length) return;
  byId("merge-title").textContent = "Merge " + p.title;
  byId("into").replaceChildren(...others.map(x => make("option", { value: x.number,
    textContent: x.named ? `${x.name} (${x.automatic})` : x.automatic })));
  const dialog = byId("merge");
  dialog.returnValue = "no";
  dialog.onclose = async () => {
    if (dialog.returnValue === "yes") {
      const into = byId("into").value;
      if (await send({ op: "merge", number: p.number, into, was: p.title }, `${p.title} is object_${into} now`)) {
        focus(into);
        return;
      }
    }
    focus(p.number);
  };
  dialog.showModal();
  byId("into").focus();
}
function part(p) {
  if (new Set(p.crops.map(c => c.track)).size < 2) { say("it has one track only"); return; }
  parting = p.number;
  draw();
  const box = list.querySelector(`article[data-number="${CSS.escape(p.number)}"] .crops input`);
  if (box) box.focus();
}
function splitOff(p, article) {
  const tracks = [...new Set([...article.querySelectorAll(".crops input:checked")].map(box => box.value))];
  send({ op: "split", number: p.number, tracks, was: p.title }, "split off: it has a number of its own now");
}
function undo() { send({ op: "undo" }, "taken back"); }

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target;
  if (target.matches("input[type=text], select")) return;
  const article = target.closest("article");
  const p = article && state && state.prototypes.find(x => x.number === article.dataset.number);
  const arrow = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key] || 0;
  if (arrow) {
    const cards = [...list.querySelectorAll("article")];
    const index = article ? cards.indexOf(article) + arrow : arrow > 0 ? 0 : cards.length - 1;
    if (cards[index]) { event.preventDefault(); cards[index].focus(); }
  } else if (event.key === "u") undo();
  else if (event.key === "?") byId("keys").showModal();
  else if (!p) return;
  else if (event.key === "Escape" && parting !== null) { parting = null; draw(); focus(p.number); }
  else if (event.key === "Enter" && parting === p.number && target.matches(".crops input")) splitOff(p, article);
  else if (event.key === "Enter" && target === article) {
    event.preventDefault();
    const input = article.querySelector("input[type=text]");
    input.focus();
    input.select();
  } else if (event.key === "i") toggle(p);
  else if (event.key === "m") { event.preventDefault(); mergeDialog(p); }
  else if (event.key === "s" && parting === null) { event.preventDefault(); part(p); }
});
byId("undo").onclick = undo;
byId("help").onclick = () => byId("keys").showModal();
byId("unnamed").onchange = () => { if (state) take(state, true); };
look(true).then(() => { const first = list.querySelector("article"); if (first) first.focus(); });
setInterval(() => { if (!busy && !document.hidden) look(); }, 2000);
"""
