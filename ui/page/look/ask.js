// Citations, cards and the question's box: all on what is already on the page, without the server.
(() => {
  const { all, scrollTo, afterChanges, whenReady } = footnote;
  const CONVERSATION = "footnote.conversation";
  const COPIED_MS = 1600;
  const opened = new Set(); // ids of cards whose abstract is open; kept across re-rendering
  let target = null; // { card, at } of the last citation clicked
  let shown = null; // key of the exchange whose evidence is shown; null for the last one
  let newest = null;
  let from = null; // the button that led to the card
  let asked; // key of the newest exchange
  let sent = null; // { text, asks, before } of the last question
  let edited = null; // { asks, before, words } of the question that was put into the box

  const box = () => document.querySelector("#question textarea");
  const isWorking = () => document.querySelector("#live .status") !== null;

  // -- evidence

  function showGroup(key) {
    const groups = all("#evidence .group");
    const wanted = groups.find(g => g.dataset.key === key) || groups.at(-1);
    for (const group of groups) {
      // Written only when it differs: each write is seen by the observer below.
      if (group.hidden !== (group !== wanted)) group.hidden = group !== wanted;
    }
  }

  function markTarget() {
    for (const mark of all("#evidence mark")) {
      const card = mark.closest(".card");
      mark.classList.toggle(
        "target",
        target !== null && card.id === target.card && mark.dataset.at === target.at
      );
    }
    for (const cite of all(".cite")) {
      const is = target !== null && cite.dataset.card === target.card &&
        (cite.dataset.at ?? null) === target.wanted;
      if (is && !cite.hasAttribute("aria-current")) cite.setAttribute("aria-current", "true");
      else if (!is && cite.hasAttribute("aria-current")) cite.removeAttribute("aria-current");
    }
  }

  function openCard(button, takesFocus = true) {
    const card = document.getElementById(button.dataset.card);
    if (!card) return;
    from = button;
    shown = card.closest(".group").dataset.key;
    showGroup(shown);
    const details = card.querySelector("details.whole");
    details.open = true;
    opened.add(card.id);
    const marks = all("mark", card);
    const mark = marks.find(m => m.dataset.at === button.dataset.at) || marks[0];
    target = {
      card: card.id,
      at: mark ? mark.dataset.at : null,
      wanted: button.dataset.at ?? null
    };
    markTarget();
    if (takesFocus) card.focus({ preventScroll: true });
    scrollTo(mark || card, "center");
  }

  function goBack() {
    const goal = from?.isConnected ? from : box();
    goal?.focus();
    goal?.scrollIntoView({ block: "center" });
  }

  // The next or the last citation of the same answer, or of the newest where none is in use.
  function stepThrough(cite, by) {
    const all_ = all(".cite", cite?.closest(".exchange") ?? document.querySelector("#live"));
    const next = all_[cite ? all_.indexOf(cite) + by : by > 0 ? 0 : all_.length - 1];
    if (!next) return;
    next.focus();
    openCard(next, false);
  }

  // -- what a citation or a verdict says, where it is pointed at

  function peek(about) {
    const note = document.getElementById("peek");
    if (!about) {
      note.hidden = true;
      return;
    }
    note.querySelector("q").textContent = about.dataset.quote ?? "";
    note.querySelector("q").hidden = !about.dataset.quote;
    note.querySelector("p").textContent = about.dataset.hint ?? "";
    note.hidden = false;
    const edge = 8;
    const at = about.getBoundingClientRect();
    const { width, height } = note.getBoundingClientRect();
    const isRoomBelow = at.bottom + edge + height < innerHeight;
    note.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - width - edge))}px`;
    note.style.top = `${isRoomBelow ? at.bottom + edge : Math.max(edge, at.top - edge - height)}px`;
    about.setAttribute("aria-describedby", "peek");
  }

  function makePeek() {
    const note = document.createElement("div");
    note.id = "peek";
    note.setAttribute("role", "tooltip");
    note.hidden = true;
    note.append(document.createElement("q"), document.createElement("p"));
    document.body.append(note);
    for (const [begins, ends] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
      document.addEventListener(begins, event => {
        const about = event.target.closest?.("[data-hint]");
        if (about) peek(about);
      });
      document.addEventListener(ends, event => {
        if (event.target.closest?.("[data-hint]")) peek(null);
      });
    }
    document.addEventListener("scroll", () => peek(null), { passive: true, capture: true });
  }

  // -- asking

  // A question that is asked comes to the top of the view, once; its answer then grows below it.
  function followNewest() {
    const live = document.querySelector("#live .exchange");
    const key = live?.dataset.key;
    if (key === asked) return;
    asked = key;
    if (live && document.querySelector("#thread .exchange")) scrollTo(live, "start");
  }

  const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];

  function mode() {
    return document.querySelector('#mode input[name="mode"]:checked')?.value ?? "question";
  }

  function setMode(wanted) {
    const choice = document.querySelector(`#mode input[value="${wanted}"]`);
    if (choice) choice.checked = true;
    const isSummary = wanted === "summary";
    document.getElementById("composer").classList.toggle("summary", isSummary);
    box().placeholder = isSummary ? "Summarise what your papers say about …" : "Ask your papers";
  }

  // Gradio learns what is in the box from its input event.
  function edit(text, asks, before) {
    edited = { asks, before, words: new Set(wordsOf(text)) };
    setMode(asks === "summary" ? "summary" : "question");
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
    box().focus();
    box().select();
  }

  // The page asks this when a question is sent; the box is empty afterwards.
  footnote.asks = () => {
    const { asks, before } = edited ?? {};
    const how = { asks: asks ?? mode(), before: before ?? "" };
    if (!isWorking()) { // otherwise it is not taken, and the text stays in the box
      sent = { text: box().value, ...how };
      edited = null;
      setMode("question"); // what follows a summary is mostly a question about it
    }
    return JSON.stringify(how);
  };

  // -- taking along

  async function copy(button) {
    let text;
    if (button.dataset.copy) {
      const answer = await fetch(button.dataset.copy);
      if (!answer.ok) return say(button, "Not copied");
      text = await answer.text();
    } else text = button.parentElement.querySelector(button.dataset.copyOf).textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not allowed on an address that is neither encrypted nor this machine
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const is = document.execCommand("copy");
      field.remove();
      if (!is) return say(button, "Not copied");
    }
    say(button, "Copied");
  }

  function say(button, word) {
    const before = button.dataset.says ?? button.textContent;
    button.dataset.says = before;
    button.textContent = word;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = before; }, COPIED_MS);
  }

  // Between two words from the server the time that is left goes on.
  let left = { text: null, is: null };
  function countDown() {
    const shownLeft = document.querySelector("#live .pace .left");
    if (!shownLeft) return;
    if (shownLeft.textContent !== left.is) left = { is: shownLeft.textContent };
    else if (Number(left.is) > 1) {
      left.is = String(Number(left.is) - 1);
      shownLeft.textContent = left.is;
    }
  }

  // Gradio rewrites these parts as an answer grows; what the reader opened must stay open.
  function restore() {
    const keys = all("#evidence .group").map(g => g.dataset.key);
    if (keys.at(-1) !== newest) {
      newest = keys.at(-1);
      shown = null;
      target = null;
      if (newest?.startsWith("like-")) {
        requestAnimationFrame(() => scrollTo(all("#evidence .group").at(-1), "nearest"));
      }
    }
    if (!box()?.value) edited = null;
    if (sent && box()?.value === sent.text && document.querySelector("#live .problem")) {
      // It could not be answered, and is back in the box as it was.
      const { text, asks, before } = sent;
      sent = null;
      setMode(asks === "summary" ? asks : "question");
      edited = { asks, before, words: new Set(wordsOf(text)) };
    }
    showGroup(shown);
    for (const card of all("#evidence .card")) {
      const details = card.querySelector("details.whole");
      if (opened.has(card.id) && !details.open) details.open = true;
    }
    markTarget();
    followNewest();
    for (const [button, work] of [["#stop", "#live .status"], ["#stop-adding", "#adding .adding"]]) {
      if (!document.querySelector(work)) {
        document.querySelector(button)?.classList.remove("pressed");
      }
    }
    const thread = document.querySelector("#thread [data-conversation]");
    if (thread) sessionStorage.setItem(CONVERSATION, thread.dataset.conversation);
  }

  document.addEventListener("click", event => {
    const summary = event.target.closest?.("details.whole > summary");
    if (summary) {
      // The click is about to turn it over.
      const id = summary.closest(".card").id;
      if (summary.parentElement.open) opened.delete(id);
      else opened.add(id);
    }
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches("[data-do=similar]")) {
      shown = null; // the last group is what is asked for, also where it is there already
      showGroup(shown);
    } else if (button.matches(".cite, .open-card")) openCard(button);
    else if (button.matches("[data-edit]")) {
      const { edit: text, asks, before } = button.dataset;
      edit(text, asks ?? "question", before ?? "");
    } else if (button.matches("[data-copy], [data-copy-of]")) copy(button);
    else if (button.matches("#stop, #stop-adding")) button.classList.add("pressed");
    else if (button.matches(".back")) goBack();
  });

  document.addEventListener("change", event => {
    if (event.target.matches?.('#mode input[name="mode"]')) {
      setMode(event.target.value);
      box().focus();
    }
  });

  // A text that keeps no word of the edited question is a new one.
  document.addEventListener("input", event => {
    // But what is asked in the place of an earlier question stays in its place.
    if (!edited || edited.before || !event.target.matches?.("#question textarea")) return;
    if (!wordsOf(event.target.value).some(word => edited.words.has(word))) edited = null;
  });

  document.addEventListener("keydown", event => {
    const isTyping = event.target.matches?.("input, textarea, select, [contenteditable]");
    const cite = event.target.closest?.(".cite");
    const along = { ArrowRight: 1, ArrowLeft: -1 };
    // Where no citation is in use, up and down scroll the page as ever.
    const step = (cite ? { ...along, ArrowDown: 1, ArrowUp: -1 } : along)[event.key];
    if (event.key === "Escape") {
      peek(null);
      const isElsewhere = !box()?.offsetParent || document.querySelector("#sidebar.open") ||
        (isTyping && event.target !== box());
      if (isElsewhere) return;
      if (isWorking()) document.querySelector("#stop")?.click();
      else if (event.target.closest?.("#evidence .card")) goBack();
    } else if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && box()) {
      event.preventDefault();
      footnote.goTo("Ask");
      box().focus();
    } else if (step && (cite || event.target === document.body)) {
      event.preventDefault();
      stepThrough(cite, step);
    }
  });

  whenReady(() => {
    makePeek();
    afterChanges(restore);
    setInterval(countDown, 1000);
  });
})();
