"use strict";
// What every tab needs: what a person does goes to the server, the colours, and the keyboard.
const footnote = (() => {
  const THEME = "footnote.theme";
  const TYPING_MS = 200; // as one types: asked of the server after a pause as long as this
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // One event for all that can be done in a part of the page (see `html` in parts.py).
  function forward(element, trigger) {
    const does = (verb, fields) => trigger("select", { ...verb.dataset, ...fields });
    let pause;
    element.addEventListener("click", event => {
      const verb = event.target.closest("[data-do]");
      if (verb && !verb.matches("form, input, select, textarea")) does(verb);
    });
    element.addEventListener("submit", event => {
      event.preventDefault();
      const fields = {};
      for (const [name, value] of new FormData(event.target)) {
        // Boxes of one name that can be ticked together are a list.
        const several = event.target.querySelector(`input[type=checkbox][name="${name}"]`);
        if (several) (fields[name] ??= []).push(value);
        else fields[name] = value;
      }
      does(event.target, fields);
    });
    element.addEventListener("input", event => {
      const field = event.target;
      if (!field.matches("input[data-do]:not([type=checkbox], [type=radio])")) return;
      clearTimeout(pause);
      pause = setTimeout(() => does(field, { [field.name]: field.value }), TYPING_MS);
    });
    element.addEventListener("change", event => {
      const field = event.target;
      if (!field.matches("select[data-do], input[data-do]:is([type=checkbox], [type=radio])")) return;
      does(field, { [field.name]: field.value, checked: field.checked ?? true });
    });
  }

  function goTo(tab) {
    all('button[role="tab"]').find(one => one.textContent.trim() === tab)?.click();
  }

  function wear(theme) {
    if (theme) document.body.classList.toggle("dark", theme === "dark");
  }

  function calm() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  function scrollTo(element, block) {
    element.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });
  }

  // Runs `work` after the page was changed, once for many changes.
  function afterChanges(work) {
    let waiting = false;
    new MutationObserver(() => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        work();
      });
    }).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributeFilter: ["hidden", "open", "class", "aria-current", "data-key", "data-drawn"]
    });
  }

  function whenReady(work) {
    if (document.body) work();
    else document.addEventListener("DOMContentLoaded", work);
  }

  document.addEventListener("click", event => {
    const button = event.target.closest?.("button");
    if (button?.matches("[data-tab]")) goTo(button.dataset.tab);
    if (button?.matches(".theme")) {
      const theme = document.body.classList.contains("dark") ? "light" : "dark";
      localStorage.setItem(THEME, theme);
      wear(theme);
    }
    // A menu closes when something else is clicked.
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  });

  whenReady(() => {
    new MutationObserver(() => {
      const theme = localStorage.getItem(THEME);
      if (theme && document.body.classList.contains("dark") !== (theme === "dark")) wear(theme);
    }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    wear(localStorage.getItem(THEME));
  });

  return { all, forward, goTo, scrollTo, afterChanges, whenReady };
})();
window.footnote = footnote;
