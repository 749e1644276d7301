// Beside Werkzeug's own script, on a page with a traceback: tells the server that a console is in use, so that the
// process which holds the frames stays for it when a save has the app loaded again.
(() => {
  "use strict";
  const PAUSE = 60_000;
  let told = -PAUSE;
  function tell() {
    if (!window.EVALEX_TRUSTED || !document.querySelector("pre.console") || performance.now() - told < PAUSE) return;
    told = performance.now();
    fetch(makeDebugURL({ cmd: "opened" })).catch(() => {}); // the server is away, and the frames are with it
  }
  // Werkzeug's script opens the console in its own handler, and keeps the event to itself.
  addEventListener("click", () => setTimeout(tell), { capture: true });
})();
