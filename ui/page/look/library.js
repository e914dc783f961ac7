// The list of papers is drawn anew by the server: what was in use stays in use.
(() => {
  const { afterChanges, all, scrollTo, whenReady } = footnote;
  let key = null; // data-key of what was used last in the tab
  let isSaving = false; // a form was sent, and no fault has been shown yet
  let offset = null; // of the page that is shown
  const drawn = {}; // the drawing that was seen of each part

  // A box stays ticked for another paper when its row is written anew.
  function tick() {
    for (const part of all("#library [data-drawn]")) {
      if (drawn[part.className] === part.dataset.drawn) continue;
      drawn[part.className] = part.dataset.drawn;
      for (const box of all(".tick input", part)) box.checked = box.hasAttribute("checked");
    }
  }

  function mend() {
    tick();
    const list = document.querySelector("#papers .papers");
    if (list && offset !== null && list.dataset.offset !== offset) {
      scrollTo(document.querySelector("#library-bar"), "start");
    }
    offset = list?.dataset.offset ?? offset;
    const fault = isSaving && document.querySelector('#papers [aria-invalid="true"]');
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (fault) {
      isSaving = false;
      fault.focus();
    } else if (isLost && key !== null) {
      const again = document.querySelector(`#library [data-key="${CSS.escape(key)}"]:not(:disabled)`);
      const form = key.startsWith("edit-") && document.querySelector("#papers .paper-form .field");
      (again || form || null)?.focus({ preventScroll: true });
    }
  }

  function note(event) {
    if (!event.target.closest?.("#library")) return;
    const used = event.target.closest("[data-key], [data-do]");
    isSaving = used?.dataset.do === "save" && event.type === "submit";
    if (used?.dataset.do === "clear") document.querySelector("#match input").value = "";
    key = used?.dataset.key ?? (used?.dataset.id ? `edit-${used.dataset.id}` : null);
  }

  whenReady(() => {
    for (const kind of ["click", "change", "submit"]) document.addEventListener(kind, note, true);
    afterChanges(mend);
  });
})();
