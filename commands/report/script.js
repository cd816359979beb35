(function () {
  "use strict";
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(function () {
        button.textContent = "Copied";
      });
    });
  });
  var form = document.querySelector(".search");
  if (!form) return;
  form.hidden = false;
  var q = document.getElementById("q"), verb = document.getElementById("verb"), found = document.getElementById("found");
  var rows = Array.prototype.slice.call(form.nextElementSibling.children), texts = null, timer = 0;
  function apply() {
    texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
    var words = q.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, i) {
      var fits = (!verb.value || row.dataset.verb === verb.value) && words.every(function (w) { return texts[i].indexOf(w) >= 0; });
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) shown++;
    });
    found.textContent = shown.toLocaleString("en") + " of " + rows.length.toLocaleString("en");
  }
  function soon() { clearTimeout(timer); timer = setTimeout(apply, 120); }
  q.addEventListener("input", soon);
  verb.addEventListener("change", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); apply(); });
  // report.html#q=ada opens with the search made.
  var wanted = /^#q=(.*)$/.exec(location.hash);
  if (wanted) { q.value = decodeURIComponent(wanted[1]); apply(); }
})();
