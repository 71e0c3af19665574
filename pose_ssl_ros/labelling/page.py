"""The page as one text: markup, style and script, nothing fetched from elsewhere."""

from __future__ import annotations

from pose_ssl_ros.labelling.page_script import SCRIPT
from pose_ssl_ros.labelling.page_style import STYLE

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Name what the robot sees</title>
<link rel="icon" href="data:,">
<style nonce="@NONCE@">@STYLE@</style>
</head>
<body data-secret="@SECRET@">
<header>
  <div class="head">
    <h1>Name what the robot sees</h1>
    <div class="tools">
      <label class="only"><input type="checkbox" id="unnamed"> only unnamed</label>
      <button id="undo" disabled>Take back <kbd>u</kbd></button>
      <button id="help">Keys <kbd>?</kbd></button>
    </div>
  </div>
  <p id="status" class="soft"></p>
  <div id="problems" role="alert"></div>
</header>
<main id="list" aria-label="prototypes"></main>
<p id="empty" hidden></p>
<div id="said" role="status" aria-live="polite"></div>
<datalist id="names"></datalist>
<dialog id="keys" aria-label="Keys">
  <h2>Keys</h2>
  <dl>
    <dt><kbd>&uarr;</kbd> <kbd>&darr;</kbd></dt><dd>the prototype before, the next one</dd>
    <dt><kbd>Enter</kbd></dt><dd>write its name; <kbd>Enter</kbd> again keeps it and goes on,
      <kbd>Esc</kbd> leaves it</dd>
    <dt><kbd>m</kbd></dt><dd>it is the same as another one: merge</dd>
    <dt><kbd>s</kbd></dt><dd>some of its crops are something else: choose them with <kbd>Tab</kbd> and
      <kbd>Space</kbd>, <kbd>Enter</kbd> splits them off</dd>
    <dt><kbd>i</kbd></dt><dd>ignore it (answered as unknown), or heed it again</dd>
    <dt><kbd>u</kbd></dt><dd>take the last change back</dd>
  </dl>
  <form method="dialog"><button>Close</button></form>
</dialog>
<dialog id="merge" aria-labelledby="merge-title">
  <form method="dialog">
    <h2 id="merge-title"></h2>
    <p><label>It is the same as <select id="into"></select></label></p>
    <p class="row"><button value="yes" id="merge-yes">Merge</button> <button value="no">Leave it</button></p>
  </form>
</dialog>
<script nonce="@NONCE@">@SCRIPT@</script>
</body>
</html>
"""


def render(secret: str, nonce: str) -> str:
    """The page.

    Args:
        secret: What the page sends with every change.
        nonce: Marks our own style and script.
    """
    text = _PAGE.replace("@STYLE@", STYLE).replace("@SCRIPT@", SCRIPT)
    return text.replace("@NONCE@", nonce).replace("@SECRET@", secret)
