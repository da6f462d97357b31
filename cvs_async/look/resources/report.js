"use strict";
// The page of a report. Data comes in parts, each of which is parsed when it is needed. Text that is not ours goes into
// the page by textContent alone.
(() => {
  const NAME = 0, STATUS = 1, TYPES = 2, LEAST = 4, LOW = 5, CHARGE = 8, REFERENCE = 11, WHY = 13, COPIES = 14;
  const ROW = 34; // pixels of a row of the table
  const MOST_PRINTED = 2000; // rows
  const SORTED = { file: 0, status: 1, type: 2, pages: 3, least: 4, low: 5, missing: 6, warnings: 7, charge: 8, requests: 9, seconds: 10, reference: 11, check_sum: 12 };
  const mode = document.documentElement.dataset.mode;
  const $ = (id) => document.getElementById(id);
  const store = new Map();
  const waiting = new Map();
  let index, words, shown = [], sorting = { by: -1, down: false }, folded = [];

  const tr = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const percent = (number) => number === null || number === undefined ? "–" : `${(number * 100).toFixed(1)}\u00a0%`;
  const limit = (column) => index.lows[column] ?? index.lows[column.replace(/^info\./, "")] ?? index.low;
  const kind = (confidence, low) => confidence === null ? "none" : confidence < low ? "poor" : confidence >= (1 + low) / 2 ? "sure" : "fair";
  const SIGN = { none: "○", poor: "◆", fair: "■", sure: "●" };
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").replace(/[-_./\\\s]+/g, " ").toLowerCase();

  // --- making elements

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (name in element && name !== "list") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  function draw(tag, attributes = {}) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  const say = (text) => { $("message").textContent = text; $("message").hidden = !text; };
  const sure = (confidence, low) => {
    const which = kind(confidence, low);
    return make("span", { className: `c-${which}`, textContent: `${SIGN[which]}\u00a0${percent(confidence)}` });
  };

  // --- the data

  window.cvs = (name, value) => {
    store.set(name, value);
    waiting.get(name)?.(value);
    waiting.delete(name);
  };
  window.cvs.failed = (name, reason) => { // it is asked for again when it is needed again
    say(reason);
    waiting.get(name)?.([]);
    waiting.delete(name);
  };

  function part(name) {
    if (store.has(name)) return Promise.resolve(store.get(name));
    if (mode === "file") {
      const block = document.querySelector(`script[data-part="${name}"]`);
      store.set(name, block ? JSON.parse(block.textContent) : []);
      return Promise.resolve(store.get(name));
    }
    return new Promise((done) => {
      waiting.set(name, done);
      const script = make("script", { src: `data/${name}.js` });
      script.addEventListener("error", () => window.cvs.failed(name, $("message").dataset.failed.replace("{name}", name)));
      document.head.append(script);
    });
  }

  const details = async (number) => (await part(`documents-${Math.floor(number / index.shard) + 1}`))[number % index.shard];

  // --- the table of documents

  function compare(one, other) {
    const [a, b] = [index.rows[one][sorting.by], index.rows[other][sorting.by]].map((cell) => Array.isArray(cell) ? cell.join() : cell);
    if (a === b) return one - other;
    if (a === null || a === "") return 1; // what is unknown comes last, whichever way it is sorted
    if (b === null || b === "") return -1;
    const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b));
    return sorting.down ? -order : order;
  }

  let found = null; // documents whose values match
  function filter() {
    const asked = fold($("search").value.trim());
    const status = document.querySelector("#chips [aria-pressed=true]").value;
    const type = $("types").value;
    const low = $("only-low").checked;
    shown = [];
    index.rows.forEach((row, number) => {
      if (status && row[STATUS] !== status) return;
      if (type && !row[TYPES].includes(type)) return;
      if (low && !row[LOW]) return;
      if (asked && !haystack(number).includes(asked) && !found?.has(number)) return;
      shown.push(number);
    });
    if (sorting.by >= 0) shown.sort(compare);
    $("counted").textContent = `${shown.length.toLocaleString()} ${tr("of")} ${index.rows.length.toLocaleString()}`;
    paint(true);
  }

  function haystack(number) {
    return folded[number] ??= fold(index.rows[number].filter((cell) => typeof cell === "string" || Array.isArray(cell)).join(" "));
  }

  // Names are folded while nobody waits, so that the first search is as quick as the others.
  function warm(from = 0) {
    const to = Math.min(from + 2000, index.rows.length);
    for (let number = from; number < to; number++) haystack(number);
    if (to < index.rows.length) setTimeout(() => warm(to));
  }

  async function searchValues() {
    const asked = fold($("search").value.trim());
    found = null;
    if (asked && $("search-values").checked) {
      found = new Set();
      for (let shard = 0; shard * index.shard < index.rows.length; shard++) {
        const documents = await part(`documents-${shard + 1}`);
        documents.forEach((one, place) => {
          const hit = one.papers.some((paper) => paper.fields.some((field) => field[2] !== null && fold(String(field[2])).includes(asked)));
          if (hit) found.add(shard * index.shard + place);
        });
      }
    }
    filter();
  }

  let painted = "";
  function paint(anew = false) {
    if (printing) return;
    const box = $("rows");
    const first = Math.max(Math.floor(box.scrollTop / ROW) - 10, 0);
    const last = Math.min(first + Math.ceil(box.clientHeight / ROW) + 20, shown.length);
    if (!anew && painted === `${first}-${last}`) return;
    painted = `${first}-${last}`;
    const body = box.querySelector("tbody");
    const space = (count) => {
      const gap = make("div");
      gap.style.height = `${count * ROW}px`;
      return make("tr", { className: "spacer", ariaHidden: "true" }, make("td", { colSpan: 13 }, gap));
    };
    body.replaceChildren(space(first), ...shown.slice(first, last).map(row), space(shown.length - last));
  }

  // On paper there is no scrolling: all rows are there, within bounds.
  let printing = false;
  function paintForPaper() {
    printing = true;
    const rest = shown.length > MOST_PRINTED ? [make("tr", {}, make("td", { colSpan: 13, textContent: `… ${MOST_PRINTED} ${tr("of")} ${shown.length}` }))] : [];
    $("rows").querySelector("tbody").replaceChildren(...shown.slice(0, MOST_PRINTED).map(row), ...rest);
  }

  function row(number) {
    const cells = index.rows[number];
    const copies = index.copies[number] ?? cells[COPIES];
    const link = make("a", { href: `#d${number + 1}`, textContent: cells[NAME], lang: "vi" });
    const plain = (place, name = "") => make("td", { className: name, textContent: cells[place] ?? "", title: String(cells[place] ?? "") });
    return make("tr", { className: "row" },
      make("td", { title: cells[NAME] }, link, copies ? ` (+${copies})` : ""),
      make("td", { className: cells[STATUS], textContent: tr(`n_${cells[STATUS]}`) }),
      make("td", { textContent: cells[WHY] ?? cells[TYPES].join(", ") }),
      plain(3, "number"),
      make("td", { className: "number" }, sure(cells[LEAST], index.low)),
      ...[5, 6, 7].map((place) => make("td", { className: "number", textContent: cells[place] || "" })),
      plain(CHARGE), plain(9, "number"), plain(10, "number"), plain(REFERENCE), plain(12));
  }

  function sortBy(name) {
    const by = SORTED[name];
    sorting = { by, down: sorting.by === by && !sorting.down };
    document.querySelectorAll("th[data-sort]").forEach((head) => {
      const its = head.dataset.sort === name;
      head.setAttribute("aria-sort", its ? (sorting.down ? "descending" : "ascending") : "none");
    });
    filter();
  }

  function prepareTable() {
    const statuses = ["", ...new Set(index.rows.map((cells) => cells[STATUS]))];
    $("chips").replaceChildren(...statuses.map((status) => make("button", {
      type: "button", value: status, textContent: status ? tr(`n_${status}`) : tr("all"), ariaPressed: String(!status),
      on: { click: (event) => press($("chips"), event.target, filter) },
    })));
    const types = [...new Set(index.rows.flatMap((cells) => cells[TYPES]))].sort();
    $("types").replaceChildren(new Option(`${tr("type")}: ${tr("all")}`, ""), ...types.map((type) => new Option(type, type)));
    document.querySelectorAll("th[data-sort]").forEach((head) => {
      head.tabIndex = 0;
      head.addEventListener("click", () => sortBy(head.dataset.sort));
      head.addEventListener("keydown", (event) => { if (event.key === "Enter") sortBy(head.dataset.sort); });
    });
    $("search").addEventListener("input", () => $("search-values").checked ? searchValues() : filter());
    $("search-values").addEventListener("change", searchValues);
    $("values-label").hidden = index.redacted;
    ["types", "only-low"].forEach((id) => $(id).addEventListener("change", filter));
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("filters").hidden = false;
    document.querySelectorAll(".plain").forEach((note) => { note.hidden = true; });
    $("rows").addEventListener("scroll", () => requestAnimationFrame(() => paint()));
    window.addEventListener("resize", () => paint(true));
    window.addEventListener("beforeprint", paintForPaper);
    window.addEventListener("afterprint", () => { printing = false; paint(true); });
    filter();
  }

  function press(group, pressed, then) {
    group.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button === pressed)));
    then();
  }

  // --- one document

  let open = { number: -1, page: 0, zoom: 1, boxes: true, data: null };

  async function show(number) {
    const data = await details(number);
    if (!data) return false;
    const cells = index.rows[number];
    if (mode === "view" && data.key !== cells[16]) return location.reload(), false; // the journal has changed meanwhile
    open = { ...open, number, page: 0, zoom: 1, data };
    const place = shown.indexOf(number);
    const order = place < 0 ? index.rows.map((_, each) => each) : shown;
    const at = place < 0 ? number : place;
    const step = (by, name, key) => make("a", {
      href: `#d${(order[at + by] ?? number) + 1}`, textContent: `${tr(name)} (${key})`, className: "step", hidden: order[at + by] === undefined,
    });
    const facts = [cells[CHARGE], `${tr("n_requests")}: ${cells[9]}`, cells[REFERENCE], cells[12] && `${tr("check_sum")} ${cells[12]}`,
      data.answered_at && `${tr("answered")} ${new Date(data.answered_at * 1000).toLocaleString(index.lang)}`];
    const head = make("div", { className: "bar" },
      make("a", { href: "#documents", className: "back", textContent: `← ${tr("back")}` }),
      make("h2", { textContent: cells[NAME], lang: "vi", tabIndex: -1 }),
      make("span", { className: cells[STATUS], textContent: tr(`n_${cells[STATUS]}`) }),
      make("span", { className: "note", textContent: facts.filter(Boolean).join(" · ") }),
      step(-1, "previous", "k"), step(1, "next", "j"),
      make("span", { className: "note", textContent: `${at + 1} ${tr("of")} ${order.length}` }));
    const sides = make("div", { className: "sides" }, make("div", { id: "sheet-side" }), papers(data));
    $("v-document").replaceChildren(head, ...problems(data), sides);
    turn(0);
    if (mode === "view") showVerdicts();
    return true;
  }

  function problems(data) {
    const listed = [];
    if (data.error) {
      const code = data.error.code === null ? "" : ` (${tr("code")} ${data.error.code})`;
      listed.push(make("p", { className: "warning", textContent: `${data.error.kind}${code}: ${data.error.message ?? ""}`, lang: "vi" }));
    }
    if (data.copies.length) listed.push(make("p", { className: "note", lang: "vi", textContent: `${tr("also_as")}: ${data.copies.join(", ")}` }));
    return listed;
  }

  const fieldsOf = (data) => data.papers.flatMap((paper) => paper.fields);

  function papers(data) {
    const side = make("div", { className: "papers", tabIndex: 0, role: "region", ariaLabel: tr("fields") });
    let id = 0;
    for (const paper of data.papers) {
      const state = tr(`page_${paper.page_state}`);
      const where = paper.page === null ? "" : ` · ${tr("page")} ${paper.page + 1}`;
      side.append(make("h3", {}, paper.type ?? "–", make("span", { className: "note", textContent: `${where}${state ? ` · ${state}` : ""}` })));
      paper.warnings.forEach(([name, text]) => side.append(make("p", { className: "warning", textContent: `▲ ${name}${text ? `: ${text}` : ""}`, lang: "vi" })));
      const rows = paper.fields.map((field) => [field, id++]);
      const isSure = ([field]) => field[3] !== null || field[5];
      const lines = new Set(rows.filter(isSure).map(lineOf));
      const isCertain = (row) => isSure(row) || (lineOf(row) !== null && lines.has(lineOf(row)));
      const certain = rows.filter(isCertain);
      const derived = rows.filter((row) => !isCertain(row));
      const few = certain.length === 0;
      side.append(...tables(few ? rows : certain));
      if (derived.length && !few) {
        side.append(make("details", {}, make("summary", { textContent: `${derived.length} ${tr("derived")}` }), ...tables(derived)));
      }
      if (paper.extra.length) side.append(make("p", { className: "note", textContent: `${tr("undocumented")}: ${paper.extra.join(", ")}` }));
    }
    if (!data.papers.length) side.append(make("p", { className: "note", textContent: tr("no_values") }));
    if (data.raw) side.append(make("details", {}, make("summary", { textContent: tr("raw") }), make("pre", { textContent: data.raw, lang: "vi" })));
    return side;
  }

  // The line item of a value, such as info.drug_info.0; null for other values.
  const lineOf = ([field]) => /^(.*\.\d+)\.[^.]+$/.exec(field[0])?.[1] ?? null;

  // Line items stand in a table of their own, a row each; everything else is one value a row.
  function tables(rows) {
    const lines = new Map();
    const single = [];
    for (const [field, id] of rows) {
      const cut = /^(.*?)\.(\d+(?:\.\d+)?)\.([^.\d][^.]*|\d+)$/.exec(field[0]);
      if (!cut) single.push([field, id]);
      else (lines.get(cut[1]) ?? lines.set(cut[1], []).get(cut[1])).push({ field, id, line: cut[2], column: cut[3] });
    }
    const made = [];
    if (single.length) made.push(make("table", {}, make("tbody", {}, ...single.map(([field, id]) => value(field, id)))));
    for (const [name, cells] of lines) made.push(make("p", { className: "note", textContent: name.replace(/^info\./, "") }), grid(cells));
    return made;
  }

  const short = (path) => path.replace(/^info\./, "");

  function value(field, id) {
    const low = limit(field[1]);
    return link(make("tr", { tabIndex: 0 },
      make("td", { textContent: short(field[0]) }),
      make("td", { textContent: field[2] ?? "", lang: "vi" }),
      make("td", { className: "number" }, sure(field[3], low))), field, id);
  }

  function grid(cells) {
    const columns = [...new Set(cells.map((cell) => cell.column))];
    const lines = [...new Set(cells.map((cell) => cell.line))];
    const by = new Map(cells.map((cell) => [`${cell.line}/${cell.column}`, cell]));
    const body = lines.map((line) => make("tr", {}, ...columns.map((column) => {
      const cell = by.get(`${line}/${column}`);
      if (!cell) return make("td");
      const which = kind(cell.field[3], limit(cell.field[1]));
      const mark = which === "poor" || which === "fair" ? `${SIGN[which]} ` : "";
      return link(make("td", { tabIndex: 0, lang: "vi", className: `c-${which}`, textContent: mark + (cell.field[2] ?? ""), title: percent(cell.field[3]) }), cell.field, cell.id);
    })));
    const heads = make("tr", {}, ...columns.map((column) => make("th", { textContent: column, scope: "col" })));
    return make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: tr("fields") }, make("table", {}, make("thead", {}, heads), make("tbody", {}, ...body)));
  }

  // Marks a value in the list and its box on the page, whichever of both is pointed at.
  function link(element, field, id) {
    element.dataset.id = id;
    if (kind(field[3], limit(field[1])) === "poor") element.dataset.low = "";
    const on = () => { if (field[4] !== open.page && open.data.pages[field[4]]) turn(field[4]); mark(id, false); };
    element.addEventListener("mouseenter", () => mark(id, false));
    element.addEventListener("focus", on);
    element.addEventListener("click", on);
    return element;
  }

  function mark(id, scroll) {
    document.querySelectorAll("#v-document .at").forEach((element) => element.classList.remove("at"));
    document.querySelectorAll(`#v-document [data-id="${id}"]`).forEach((element) => {
      element.classList.add("at");
      element.closest("details")?.setAttribute("open", "");
      if (scroll && !element.closest("svg")) element.scrollIntoView({ block: "nearest" });
    });
  }

  // Shows a page of the document.
  function turn(page) {
    const { data } = open;
    open.page = page;
    const side = $("sheet-side");
    const bar = make("div", { className: "bar" }, ...data.pages.map((_, each) => make("button", {
      type: "button", textContent: `${tr("page")} ${each + 1}`, ariaPressed: String(each === page), on: { click: () => turn(each) },
    })));
    const picture = data.pages[page];
    const told = data.picture === "broken" ? tr("picture_broken", { note: data.picture_note }) : tr(`picture_${data.picture}`);
    if (!picture || !picture.src) {
      side.replaceChildren(bar, make("p", { className: "note", textContent: told }));
      return;
    }
    const { width, height } = picture;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${tr("page")} ${page + 1}` });
    svg.append(draw("image", { href: picture.src, width, height }));
    fieldsOf(data).forEach((field, id) => { if (field[4] === page && field[5]) svg.append(outline(field, id, width, height)); });
    const frame = tr(`frame_${data.frame}`, { note: data.frame_note });
    bar.append(make("span", { className: "note", textContent: `${told} · ${frame}` }));
    bar.append(...[["−", 0.8], ["+", 1.25]].map(([text, by]) => make("button", {
      type: "button", textContent: text, ariaLabel: `${tr("zoom")} ${text}`, on: { click: () => zoom(by) },
    })));
    side.replaceChildren(bar, make("div", { className: "sheet", tabIndex: 0, role: "region", ariaLabel: `${tr("page")} ${page + 1}` }, svg));
    boxes();
    zoom(1);
  }

  function outline(field, id, width, height) {
    const [left, top, right, bottom] = field[5];
    const name = `${short(field[0])}, ${percent(field[3])}`;
    const box = draw("rect", {
      class: `box ${kind(field[3], limit(field[1]))}`, "data-id": id, tabindex: 0, role: "button", "aria-label": name,
      x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height,
    });
    const title = draw("title");
    title.textContent = name;
    box.append(title);
    for (const event of ["mouseenter", "focus"]) box.addEventListener(event, () => mark(id, true));
    box.addEventListener("click", () => { mark(id, true); document.querySelector(`.papers [data-id="${id}"]`)?.focus(); });
    return box;
  }

  function zoom(by) {
    open.zoom = by === 0 ? 1 : Math.min(Math.max(open.zoom * by, 0.5), 6);
    const svg = document.querySelector(".sheet svg");
    if (svg) svg.style.width = `${open.zoom * 100}%`;
  }

  const boxes = () => document.querySelectorAll(".sheet .box").forEach((box) => { box.style.display = open.boxes ? "" : "none"; });

  function nextLow(by) {
    const lows = [...document.querySelectorAll("#v-document .papers [data-low]")];
    if (!lows.length) return;
    const at = lows.findIndex((element) => element.classList.contains("at"));
    const next = lows[(at + by + lows.length) % lows.length] ?? lows[0];
    next.closest("details")?.setAttribute("open", "");
    next.focus();
    next.scrollIntoView({ block: "center" });
  }

  // --- the queue

  let entries = [];
  async function review() {
    if (!entries.length) {
      for (let place = 0; place * index.shard < index.queue; place++) entries.push(...await part(`queue-${place + 1}`));
      const kinds = ["", ...new Set(entries.map((entry) => entry[5]))];
      $("kinds").replaceChildren(...kinds.map((each) => make("button", {
        type: "button", value: each, textContent: each ? tr(`w_${each}`) : tr("all"), ariaPressed: String(!each),
        on: { click: (event) => press($("kinds"), event.target, list) },
      })));
      const columns = [...new Set(entries.map(columnOf).filter(Boolean))].sort();
      $("columns").replaceChildren(new Option(tr("all_fields"), ""), ...columns.map((column) => new Option(short(column), column)));
      $("columns").addEventListener("change", list);
      $("queue-filters").addEventListener("submit", (event) => event.preventDefault());
    }
    list();
  }

  const columnOf = (entry) => (entry[2] ?? "").replace(/\.\d+(?=\.|$)/g, ".*");

  function list() {
    const which = document.querySelector("#kinds [aria-pressed=true]")?.value ?? "";
    const column = $("columns").value;
    const wanted = entries.filter((entry) => (!which || entry[5] === which) && (!column || columnOf(entry) === column));
    const text = tr("queue_of", { shown: wanted.length.toLocaleString(), all: index.queue_all.toLocaleString() });
    $("queue-counted").textContent = entries.length ? text : tr("queue_empty");
    $("queue").replaceChildren(...wanted.map(entry));
  }

  function entry([number, , path, text, confidence, why, cut, , , note]) {
    const column = (path ?? "").replace(/\.\d+(?=\.|$)/g, ".*");
    const head = make("p", {}, confidence === null ? make("span", { className: "c-poor", textContent: `▲ ${tr(`w_${why}`)} ` }) : sure(confidence, limit(column)), " ",
      make("b", { textContent: text ?? note, lang: "vi" }));
    const whole = index.rows[number][NAME];
    const name = make("a", { href: `#d${number + 1}`, textContent: whole.split(/[\\/]/).pop(), title: whole, lang: "vi" });
    const below = make("p", { className: "note" }, path ? `${short(path)} · ` : "", name);
    return make("li", {}, cut ? make("img", { src: cut, alt: short(path ?? ""), loading: "lazy" }) : null, head, below);
  }

  // --- views and keys

  const VIEWS = ["documents", "document", "review", "fields", "errors", "charges"];

  async function route() {
    const asked = location.hash.slice(1) || "documents";
    const number = /^d\d+$/.test(asked) ? Number(asked.slice(1)) - 1 : -1;
    let view = number >= 0 && number < index.rows.length ? "document" : VIEWS.includes(asked) ? asked : "documents";
    if (view === "document" && !await show(number)) view = "documents";
    if (view === "review") await review();
    VIEWS.forEach((each) => { $(`v-${each}`).hidden = each !== view; });
    $("cards").hidden = view === "document";
    document.querySelectorAll("nav a").forEach((link) => {
      if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    if (view === "documents") backFrom(document.body.dataset.view);
    document.body.dataset.view = view;
    if (view === "document") document.querySelector("#v-document h2").focus({ preventScroll: true });
  }

  // Whoever comes back from a document goes on at its row.
  function backFrom(view) {
    const at = view === "document" ? shown.indexOf(open.number) : -1;
    if (at >= 0) $("rows").scrollTop = Math.max(at * ROW - $("rows").clientHeight / 2, 0);
    paint(true);
    if (at >= 0) $("rows").querySelector(`a[href="#d${open.number + 1}"]`)?.focus();
  }

  const step = (name) => [...document.querySelectorAll("#v-document a.step")].find((link) => link.textContent.includes(`(${name})`) && !link.hidden)?.click();
  const KEYS = {
    "/": () => { location.hash = "#documents"; setTimeout(() => $("search").focus()); },
    j: () => step("j"), k: () => step("k"), n: () => nextLow(1), p: () => nextLow(-1),
    "+": () => zoom(1.25), "-": () => zoom(0.8), 0: () => zoom(0),
    b: () => { open.boxes = !open.boxes; boxes(); },
    m: () => { say(document.body.classList.toggle("masked") ? tr("masked") : ""); },
    Escape: () => { location.hash = "#documents"; },
    "?": () => say($("message").hidden ? tr("help") : ""),
  };

  if (mode === "view") {
    const say = (verdict) => () => { const element = judgedElement(); if (element) judge(verdict, element); };
    Object.assign(KEYS, { y: say("right"), x: say("wrong"), e: edit });
  }

  // A browser may refuse to store anything: then the switch holds for this page.
  let keys = "on";
  function keysAreOff() {
    try { keys = localStorage.getItem("cvs-keys") ?? keys; } catch { /* refused */ }
    return keys === "off";
  }
  function setKeys(on) {
    keys = on ? "on" : "off";
    try { localStorage.setItem("cvs-keys", keys); } catch { /* refused */ }
  }

  function pressed(event) {
    const typing = event.target.closest("input, select, textarea");
    if (event.ctrlKey || event.altKey || event.metaKey || (typing && event.key !== "Escape")) return;
    if (event.key !== "Escape" && keysAreOff()) return;
    const act = /^[1-9]$/.test(event.key) && open.data?.pages[event.key - 1] && !$("v-document").hidden ? () => turn(event.key - 1) : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    typing?.blur();
    act();
  }

  function help() {
    const off = keysAreOff();
    const box = make("input", { type: "checkbox", checked: !off, on: { change: (event) => setKeys(event.target.checked) } });
    say(mode === "view" ? `${tr("help")} · ${tr("help_view")}` : tr("help"));
    $("message").append(" ", make("label", {}, box, ` ${tr("keys_off")}`));
  }

  // Verdicts, in a served page: y right, x wrong, e what it should be.
  async function judge(verdict, element, value = null) {
    const body = JSON.stringify({ document: open.number, key: index.rows[open.number][16], field: Number(element.dataset.id), verdict, value });
    const answer = await fetch("verdict", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) return say(await answer.text());
    open.data.verdicts[element.dataset.id] = [verdict, value];
    judged(element, verdict, value);
    nextLow(1);
  }

  function judged(element, verdict, value) {
    element.dataset.verdict = verdict;
    const cell = element.matches("td") ? element : element.children[1];
    if (verdict === "corrected") cell.textContent = value;
    cell.title = tr(`v_${verdict}`);
  }

  const judgedElement = () => document.querySelector(".papers .at[data-id]");

  function edit() {
    const element = judgedElement();
    if (!element) return;
    const cell = element.matches("td") ? element : element.children[1];
    const before = cell.textContent;
    const box = make("input", { type: "text", value: before, autocomplete: "off", spellcheck: false, ariaLabel: tr("v_corrected") });
    const end = () => { cell.textContent = before; element.focus(); };
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") end();
      if (event.key === "Enter") { const given = box.value; end(); judge("corrected", element, given); }
    });
    cell.replaceChildren(box);
    box.focus();
  }

  function showVerdicts() {
    if (open.data.verdicts_problem) say(open.data.verdicts_problem);
    for (const [id, [verdict, value]] of Object.entries(open.data.verdicts ?? {})) {
      const element = document.querySelector(`.papers [data-id="${id}"]`);
      if (element) judged(element, verdict, value);
    }
  }

  // A served page is read anew when there is more; not while somebody reads a document or types.
  function follow() {
    let stale = false;
    const renew = () => {
      const busy = document.body.dataset.view === "document" || $("search").value || document.activeElement.closest("input, select");
      if (stale && !busy) location.reload();
    };
    new EventSource("events").addEventListener("message", () => { stale = true; renew(); });
    window.addEventListener("hashchange", renew);
  }

  async function begin() {
    index = await part("index");
    if (!index.rows) return;
    words = index.words;
    prepareTable();
    $("help-button").hidden = false;
    $("help-button").addEventListener("click", help);
    document.querySelectorAll("#v-fields tbody tr").forEach((each) => {
      const go = async () => { await review(); $("columns").value = each.dataset.column; location.hash = "#review"; list(); };
      each.tabIndex = 0;
      each.addEventListener("click", go);
      each.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    });
    document.addEventListener("keydown", pressed);
    window.addEventListener("hashchange", route);
    await route();
    setTimeout(warm);
    if (mode === "view") follow();
    document.documentElement.dataset.ready = "";
  }

  begin();
})();
