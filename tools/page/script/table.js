/* SPDX-License-Identifier: MIT */
/* The table of groups: sorted by any column, searched with all details, opened row by row. */

function cellKey(row, column) {
	const cell = row.rows[0].cells[column];

	if (cell.classList.contains("n"))
		return cell.dataset.key === undefined ? -Infinity : Number(cell.dataset.key);
	return cell.textContent;
}

function compareKeys(a, b) {
	if (typeof a === "number")
		return a - b;
	return a < b ? -1 : a > b ? 1 : 0;
}

const ROWS = 20; /* shown at first, as the report does; printed are all */

/* Puts off the rows after the first ones, unless all are wanted. */
function limitRows(table) {
	const all = table.classList.contains("all");

	Array.from(table.tBodies).filter((row) => !row.hidden)
		.forEach((row, i) => row.classList.toggle("later", !all && i > ROWS));
}

function makeMore(table) {
	const count = table.tBodies.length;
	const button = make("button", { type: "button", className: "more", hidden: count <= ROWS + 1 },
		"Show all " + count + " groups");

	button.addEventListener("click", () => {
		table.classList.add("all");
		button.hidden = true;
		limitRows(table);
	});
	return button;
}

/* Numbers begin with the greatest, except the groups' own. */
function sortTable(table, column, header) {
	const before = header.getAttribute("aria-sort");
	const falling = before ? before === "ascending" : header.classList.contains("n") && column > 0;
	const rows = Array.from(table.tBodies, (row) => ({ row, key: cellKey(row, column) }));

	rows.sort((a, b) => falling ? compareKeys(b.key, a.key) : compareKeys(a.key, b.key));
	for (const other of table.tHead.rows[0].cells)
		other.removeAttribute("aria-sort");
	header.setAttribute("aria-sort", falling ? "descending" : "ascending");
	table.append(...rows.map((sorted) => sorted.row));
	limitRows(table);
}

function toggleRow(row) {
	const open = row.classList.toggle("open");

	row.querySelector("details").open = true;
	row.querySelector("button").setAttribute("aria-expanded", String(open));
}

/* The number becomes the button, so that the keyboard reaches it; a click anywhere in the row does
 * the same, unless it selects text. */
function enhanceRow(row) {
	const cell = row.rows[0].cells[0];
	const button = make("button", { type: "button" }, cell.textContent);

	button.setAttribute("aria-expanded", "false");
	button.setAttribute("aria-label", "Group " + cell.textContent + ": stacks and descriptors");
	cell.replaceChildren(button);
	row.rows[0].addEventListener("click", () => {
		if (String(getSelection()) === "")
			toggleRow(row);
	});
}

const ROW_BUTTONS = "tbody:not([hidden], .later) td > button";

function moveBetweenRows(event) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];

	if (!step || !event.target.matches("td > button"))
		return;
	const buttons = Array.from(event.currentTarget.querySelectorAll(ROW_BUTTONS));
	const next = buttons[buttons.indexOf(event.target) + step];

	if (next)
		next.focus();
	event.preventDefault();
}

function makeFilter(table) {
	const count = make("output", {});
	let texts = null;

	function filter(words) {
		texts = texts || Array.from(table.tBodies, (row) => ({
			row, text: row.textContent.toLowerCase(),
		}));
		let shown = 0;

		for (const { row, text } of texts) {
			row.hidden = !text.includes(words);
			shown += row.hidden ? 0 : 1;
		}
		limitRows(table);
		count.textContent = words
			? shown + " of " + plural(texts.length, "group", "groups") : "";
	}
	return make("div", { className: "tools" },
		makeSearch("Search groups, functions, files, addresses", filter), count);
}

function enhanceTable(section) {
	const table = section.querySelector("table");

	if (!table)
		return;
	Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
		const button = make("button", { type: "button" }, header.textContent);

		button.addEventListener("click", () => sortTable(table, column, header));
		header.replaceChildren(button);
	});
	for (const row of table.tBodies)
		enhanceRow(row);
	table.addEventListener("keydown", moveBetweenRows);
	table.parentElement.before(makeFilter(table));
	table.parentElement.after(makeMore(table));
	limitRows(table);
}
