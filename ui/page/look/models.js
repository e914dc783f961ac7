"use strict";
// How far a pull or a measurement has come, and where the keyboard was, when rows change.
footnote.whenReady(() => {
  let used; // the button that was pressed last in a row

  const row = id => document.querySelector(`.model[data-id="${CSS.escape(id)}"]`);

  document.addEventListener("click", event => {
    const verb = event.target.closest?.("#models-list [data-do]");
    if (verb) used = verb.dataset.id;
  });

  footnote.afterChanges(() => {
    const far = document.querySelector("#models-progress [data-for]");
    const work = far && row(far.dataset.for)?.querySelector(".work");
    if (work && work.querySelector(".far").textContent !== far.textContent) {
      work.querySelector(".far").textContent = far.textContent;
      const bar = work.querySelector("progress");
      if (Number(far.dataset.total)) {
        bar.max = far.dataset.total;
        bar.value = far.dataset.done;
      }
    }
    // The row was written anew: whoever pressed one of its buttons stays there.
    if (used && document.activeElement === document.body) {
      row(used)?.querySelector("[data-do]")?.focus({ preventScroll: true });
      used = undefined;
    }
  });
});
