"""The look of the page, light and dark."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #f4f5f7; --card: #fff; --line: #d9dde3;
  --mark: #0b62c4; --good: #18794e; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #9aa5b4; --paper: #12161c; --card: #1b2129;
  --line: #323a46; --mark: #6cb0ff; --good: #5dd39e; --bad: #ff8f84; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--line);
  padding: .7rem 1.2rem .5rem; }
.head { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; justify-content: space-between; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
.tools, .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.soft { color: var(--soft); font-size: .9rem; margin: .25rem 0 0; }
#problems { color: var(--bad); font-size: .9rem; }
#problems p { margin: .3rem 0 0; }
main { display: grid; gap: .9rem; padding: 1rem 1.2rem 4rem; max-width: 72rem; margin: 0 auto;
  grid-template-columns: 1fr; }
#empty { max-width: 40rem; margin: 3rem auto; padding: 0 1.2rem; text-align: center; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem;
  scroll-margin: 8rem 0 3rem; }
article:focus-within, article:focus { outline: 2px solid var(--mark); outline-offset: 1px; }
article.ignored .crops { opacity: .35; }
.top { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: center; }
.number { font-weight: 650; min-width: 6.2rem; }
.count { color: var(--soft); font-size: .9rem; margin-left: auto; }
input[type=text] { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: .4rem; padding: .3rem .6rem; width: 15rem; max-width: 100%; }
.named input[type=text] { border-color: var(--good); }
button, select { font: inherit; font-size: .9rem; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .7rem; cursor: pointer; max-width: 100%; }
button:disabled { opacity: .45; cursor: default; }
button:hover:not(:disabled) { border-color: var(--mark); }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid var(--mark); outline-offset: 1px; }
kbd { font: .78em ui-monospace, monospace; border: 1px solid var(--line); border-bottom-width: 2px;
  border-radius: .25rem; padding: 0 .3em; color: var(--soft); background: var(--card); }
.crops { display: grid; grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: 6px; margin: .7rem 0 0;
  padding: 0; list-style: none; }
.crops img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: .35rem;
  background: var(--line); image-rendering: auto; }
.crops label { position: relative; display: block; cursor: pointer; border-radius: .35rem; }
.crops input { position: absolute; left: 5px; top: 5px; width: 18px; height: 18px; margin: 0; }
.crops label:has(input:checked) img { outline: 3px solid var(--mark); outline-offset: -3px; }
.crops label:has(input:focus-visible) { outline: 2px solid var(--mark); outline-offset: 2px; }
.parting { margin-top: .6rem; }
#said { position: fixed; left: 50%; bottom: 1rem; transform: translateX(-50%); background: var(--ink);
  color: var(--paper); border-radius: .5rem; padding: .5rem 1rem; max-width: 90vw; opacity: 0;
  transition: opacity .2s; pointer-events: none; }
#said.shown { opacity: 1; }
#said.bad { background: var(--bad); }
dialog { background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: .7rem;
  max-width: min(34rem, 92vw); padding: 1.1rem 1.3rem; }
dialog::backdrop { background: rgb(0 0 0 / .4); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1rem; margin: 0 0 1rem; }
dt, dd { margin: 0; }
.only { font-size: .9rem; }
@media (max-width: 30rem) { header { position: static; } .count { margin-left: 0; } input[type=text] { width: 100%; } }
"""
