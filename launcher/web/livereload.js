// The browser's side of live reload. Loaded by a tag that says which edition of the app the page was made from:
//   <script async src="/__launch__/TOKEN.js" data-edition="7"></script>
// The stream beside this script says which edition is current. The page is refreshed when that is a later one, once.
(() => {
  "use strict";
  const tag = document.currentScript;
  const made = Number(tag.dataset.edition);
  if (window.__launch) {
    window.__launch.saw(made); // put into the page again, by a library that swaps its content
    return;
  }
  const script = tag.src;
  const stream = script.replace(/\.js$/, "");
  const SLOWEST = 2000;
  const gone = Number.MAX_SAFE_INTEGER; // later than every edition of a start that is over

  // A page may come from a cache, and say forever that it is old; so what it was refreshed for is kept beside it.
  const memory = `launch ${location.pathname}${location.search}`;
  let storage = null;
  let own = made;
  try {
    storage = sessionStorage;
    const [start, edition] = (storage.getItem(memory) || "").split(" ");
    if (start === stream) own = Math.max(own, Number(edition));
  } catch {
    return; // without memory a page could be refreshed for ever
  }

  let leaving = false;
  let current = 0; // the latest edition that we heard of
  const replaced = new WeakSet();

  function learn(edition, style) {
    current = Math.max(current, edition);
    if (leaving || edition <= own) return;
    if (style && edition === own + 1 && restyle(edition)) own = edition;
    else refresh();
  }

  function refresh() {
    own = current;
    try {
      if (top !== self && top.__launch) return; // the page around us is refreshed, and we with it
    } catch {
      // the page around us is another site's
    }
    if (document.querySelector("pre.console")) {
      bar(); // code was run in a frame of this page: its output stays until the person has done with it
      return;
    }
    try {
      storage.setItem(memory, `${stream} ${own}`);
    } catch {
      return; // as above
    }
    // The page that comes learns of what follows by itself. Would this one go on listening, it might note down an edition
    // that the page on its way does not show.
    leaving = true;
    leave();
    location.reload();
  }

  function restyle(edition) {
    let found = false;
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const url = new URL(link.href, location.href);
      if (url.origin !== location.origin || link.disabled || replaced.has(link)) continue;
      const fresh = link.cloneNode();
      url.searchParams.set("launch", edition);
      fresh.href = url.href;
      fresh.removeAttribute("integrity");
      fresh.addEventListener("load", () => link.remove());
      fresh.addEventListener("error", () => fresh.remove());
      replaced.add(link);
      link.after(fresh);
      found = true;
    }
    return found;
  }
  function bar() {
    let told = document.getElementById("launch-bar");
    if (!told) {
      told = document.createElement("p");
      told.id = "launch-bar";
      told.style.cssText =
        "position:sticky;top:0;z-index:9;margin:0;padding:.7rem 1rem;text-align:left;" +
        "font:1rem/1.4 system-ui,sans-serif;color:#f4f4f4;background:#20242c;border-left:.4rem solid #ffd479";
      document.body.prepend(told);
    }
    told.textContent =
      "The code has changed. The consoles of this page go on in the old code, but not in a file that was changed. " +
      "Refresh when you are done with them.";
  }

  // One connection for all pages of a browser, since it opens no more than six to a server: the page that has the lock
  // listens, and tells the others. Pages that nobody sees do without.

  let source = null;
  let attempt = 0;
  let pause = 0;
  let timer = 0;

  function connect() {
    const begun = performance.now();
    let opened = false;
    source = new EventSource(stream);
    const hear = (style) => (event) => {
      const edition = Number(event.data);
      opened = true;
      if (edition > current) pause = 0;
      if (channel) channel.postMessage({ edition, style });
      learn(edition, style);
    };
    source.addEventListener("message", hear(false));
    source.addEventListener("style", hear(true));
    source.addEventListener("error", () => {
      disconnect();
      // A stream that was open for a while has ended since the worker leaves; the next one is asked at once.
      if (opened && performance.now() - begun > 1000) pause = 0;
      if (opened) later();
      else check();
    });
  }

  function disconnect() {
    attempt += 1;
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function later() {
    timer = setTimeout(connect, pause ? pause * (0.75 + Math.random() / 2) : 0);
    pause = Math.min(SLOWEST, pause ? pause * 2 : 50);
  }

  // No stream: the server is away, or it was started anew and knows this path no more.
  async function check() {
    const mine = attempt;
    let status = 0;
    try {
      status = (await fetch(script, { cache: "no-store" })).status;
    } catch {
      // nobody answers
    }
    if (mine !== attempt) return; // the page was hidden or left meanwhile
    if (status === 404) {
      if (channel) channel.postMessage({ edition: gone, style: false });
      learn(gone, false);
    } else if (status !== 403) {
      later();
    }
  }

  let channel = null;
  let leave = () => {};

  function attend() {
    leave();
    if (window.BroadcastChannel) {
      channel = new BroadcastChannel(stream);
      channel.onmessage = ({ data }) => {
        if (data === "which?") {
          if (source && current) channel.postMessage({ edition: current, style: false });
        } else {
          learn(data.edition, data.style);
        }
      };
      channel.postMessage("which?");
    }
    if (navigator.locks && channel) {
      const stop = new AbortController();
      let release = () => {};
      navigator.locks
        .request(stream, { signal: stop.signal }, () => {
          connect();
          return new Promise((resolve) => (release = resolve));
        })
        .catch(() => {}); // left before it was our turn
      leave = () => {
        stop.abort();
        release();
        disconnect();
        channel.close();
        leave = () => {};
      };
    } else {
      connect();
      leave = () => {
        disconnect();
        if (channel) channel.close();
        leave = () => {};
      };
    }
  }

  function look() {
    if (leaving) return;
    if (document.visibilityState === "hidden") leave();
    else attend();
  }

  window.__launch = { saw: (edition) => (own = Math.max(own, edition)) };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => leave());
  addEventListener("pageshow", (event) => event.persisted && look());
  look();
})();
