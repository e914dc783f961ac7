"use strict";
// Everything here works on what is already on the page; a click needs no answer from the server.
(() => {
  const THEME = "footnote.theme";
  const CONVERSATION = "footnote.conversation";
  const opened = new Set(); // ids of cards whose abstract is open; kept across re-rendering
  let target = null; // { card, at } of the last citation clicked
  let shown = null; // key of the exchange whose evidence is shown; null for the last one
  let newest = null;
  let from = null; // the button that led to the card
  let asked; // key of the newest exchange
  let edited = null; // { asks, words } of the question that was put into the box to be changed

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

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

  function openCard(button) {
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
    card.focus({ preventScroll: true });
    scrollTo(mark || card, "center");
  }

  function scrollTo(element, block) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block, behavior: calm ? "auto" : "smooth" });
  }

  // A question that is asked comes to the top of the view, once; its answer then grows below it.
  function followNewest() {
    const live = document.querySelector("#live .exchange");
    const key = live?.dataset.key;
    if (key === asked) return;
    asked = key;
    if (live && document.querySelector("#thread .exchange")) scrollTo(live, "start");
  }

  const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];

  // Gradio learns what is in the box from its input event.
  function edit(text, asks) {
    const box = document.querySelector("#question textarea");
    edited = { asks, words: new Set(wordsOf(text)) };
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    box.select();
  }

  // The page asks this when a question is sent; the box is empty afterwards.
  window.footnoteAsks = () => {
    const asks = edited?.asks || "question";
    edited = null;
    return asks;
  };

  function wear(theme) {
    if (theme) document.body.classList.toggle("dark", theme === "dark");
  }

  // Gradio rewrites these parts as an answer grows; what the reader opened must stay open.
  function restore() {
    const keys = all("#evidence .group").map(g => g.dataset.key);
    if (keys.at(-1) !== newest) {
      newest = keys.at(-1);
      shown = null;
      target = null;
    }
    if (!document.querySelector("#question textarea")?.value) edited = null;
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
    if (button.matches(".cite, .open-card")) openCard(button);
    else if (button.matches(".edit")) edit(button.dataset.edit, button.dataset.asks);
    else if (button.matches("#stop, #stop-adding")) button.classList.add("pressed");
    else if (button.matches(".back")) {
      const goal = from?.isConnected ? from : document.querySelector("#question textarea");
      goal?.focus();
      goal?.scrollIntoView({ block: "center" });
    } else if (button.matches(".goto-library")) {
      all('button[role="tab"]').find(tab => tab.textContent.trim() === "Library")?.click();
    } else if (button.matches(".theme")) {
      const theme = document.body.classList.contains("dark") ? "light" : "dark";
      localStorage.setItem(THEME, theme);
      wear(theme);
    }
  });

  // A text that keeps no word of the edited question is a new one.
  document.addEventListener("input", event => {
    if (!edited || !event.target.matches?.("#question textarea")) return;
    if (!wordsOf(event.target.value).some(word => edited.words.has(word))) edited = null;
  });

  document.addEventListener("keydown", event => {
    const isTyping = event.target.matches?.("input, textarea, [contenteditable]");
    if (event.key === "Escape") document.querySelector("#stop")?.click();
    else if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      const question = document.querySelector("#question textarea");
      if (question) {
        event.preventDefault();
        question.focus();
      }
    }
  });

  function begin() {
    let waiting = false;
    new MutationObserver(() => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        restore();
      });
    }).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributeFilter: ["hidden", "open", "class", "aria-current", "data-key"]
    });
    new MutationObserver(() => {
      const theme = localStorage.getItem(THEME);
      if (theme && document.body.classList.contains("dark") !== (theme === "dark")) wear(theme);
    }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    wear(localStorage.getItem(THEME));
  }

  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
