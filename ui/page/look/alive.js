// A page that stays open outlives the Footnote it came from; it says so, and comes back by itself.
(() => {
  const EVERY_MS = 4000;
  let run = null; // which start of Footnote the page came from

  function say(sentence) {
    let note = document.getElementById("ended");
    if (!note && !sentence) return;
    if (!note) {
      note = document.createElement("div");
      note.id = "ended";
      note.setAttribute("role", "alert");
      document.body.append(note);
    }
    note.textContent = sentence;
    note.hidden = !sentence;
  }

  async function look() {
    if (document.hidden) return;
    try {
      const now = await (await fetch("footnote/run", { cache: "no-store" })).text();
      run ??= now;
      if (now !== run) location.reload(); // a new start knows nothing of this tab
      else say("");
    } catch {
      say("Footnote has ended. Start it again with “footnote serve”, and this page goes on.");
    }
  }

  footnote.whenReady(() => {
    look();
    setInterval(look, EVERY_MS);
    document.addEventListener("visibilitychange", look);
  });
})();
