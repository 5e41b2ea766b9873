/* SPDX-License-Identifier: MIT */
/* The icicle: all stacks from the outermost function down, as wide as the descriptors that they
 * have opened are many, or old. */

const ROW_HEIGHT = 21;
const NARROWEST = 0.15; /* percent; a narrower function is drawn when its caller is zoomed */

function makeNode(name, parent) {
	return {
		name, parent, children: new Map(), depth: parent ? parent.depth + 1 : 0,
		count: 0, age: 0, leaks: 0, groups: new Set(),
	};
}

function addTo(node, group, stack, age) {
	node.count += stack.count;
	node.age += age;
	node.leaks += group.leaks ? stack.count : 0;
	node.groups.add(group.number);
}

function addStack(root, group, stack) {
	const age = stack.ages.reduce((sum, one) => sum + one, 0);
	let node = root;

	addTo(root, group, stack, age);
	for (const name of stack.lines) {
		if (!node.children.has(name))
			node.children.set(name, makeNode(name, node));
		node = node.children.get(name);
		addTo(node, group, stack, age);
	}
}

function makeTree(process) {
	const root = makeNode("all", null);

	for (const group of process.groups) {
		if (group.suppressed)
			continue;
		for (const stack of group.stacks)
			addStack(root, group, stack);
	}
	return root;
}

/* Whether all that a function has opened, or some of it, counts as a leak: told by words, too. */
function leakWords(node) {
	if (!node.leaks)
		return "";
	return node.leaks === node.count ? ", likely leaked" : ", " + node.leaks + " likely leaked";
}

function describe(node, root) {
	const share = Math.round(1000 * node.count / root.count) / 10;

	return node.name + ": " + plural(node.count, "descriptor", "descriptors") + " (" + share +
		"%) in " + plural(node.groups.size, "group", "groups") + leakWords(node);
}

/* Nodes below (and including) a node with their place in percent, those too narrow left out. */
function layOut(top, measure) {
	const placed = [], queue = [{ node: top, left: 0, width: 100 }];

	while (queue.length) {
		const place = queue.pop();
		let left = place.left;

		placed.push(place);
		const children = [...place.node.children.values()]
			.sort((a, b) => b[measure] - a[measure]);
		for (const child of children) {
			const width = place.width * child[measure] / (place.node[measure] || 1);

			if (width >= NARROWEST)
				queue.push({ node: child, left, width });
			left += width;
		}
	}
	return placed;
}

function ancestors(node) {
	const found = [];

	for (let above = node.parent; above; above = above.parent)
		found.push({ node: above, left: 0, width: 100, above: true });
	return found;
}

class Icicle {
	constructor(process) {
		this.root = makeTree(process);
		this.top = this.root;
		this.measure = "count";
		this.words = "";
		this.buttons = new Map();
		this.canvas = make("div", {});
		this.status = make("output", {});
		this.all = make("button", { type: "button", disabled: true }, "Zoom out");
		this.all.addEventListener("click", () => this.zoom(this.root));
		this.canvas.addEventListener("click", (event) => this.onClick(event));
		this.canvas.addEventListener("keydown", (event) => this.onKey(event));
		this.canvas.addEventListener("focusin", (event) => this.tell(event.target.node));
		this.canvas.addEventListener("mouseover", (event) => this.tell(event.target.node));
		this.draw();
	}

	tell(node) {
		if (node)
			this.status.textContent = describe(node, this.root);
	}

	makeButton(place) {
		const { node, left, width } = place;
		const leaks = node.leaks > 0 && node !== this.root;
		const button = make("button", { type: "button", tabIndex: -1, node });

		button.className = (leaks ? "leak " : "") + (place.above ? "above " : "") +
			(width < 2 ? "narrow" : "");
		if (width >= 2)
			button.textContent = (leaks ? "! " : "") + node.name;
		button.title = describe(node, this.root);
		button.setAttribute("aria-label", button.title);
		button.style.left = left + "%";
		button.style.width = width + "%";
		button.style.top = node.depth * ROW_HEIGHT + "px";
		return button;
	}

	draw() {
		const places = [...ancestors(this.top), ...layOut(this.top, this.measure)];
		let deepest = 0;

		this.buttons.clear();
		for (const place of places) {
			this.buttons.set(place.node, this.makeButton(place));
			deepest = Math.max(deepest, place.node.depth);
		}
		this.canvas.replaceChildren(...this.buttons.values());
		this.canvas.style.height = (deepest + 1) * ROW_HEIGHT + "px";
		this.buttons.get(this.top).tabIndex = 0;
		this.all.disabled = this.top === this.root;
		this.mark();
	}

	/* Marks the functions that match, and counts the descriptors of the outermost ones. */
	mark() {
		let found = 0;

		for (const [node, button] of this.buttons)
			button.classList.toggle("found", this.matches(node));
		const visit = (node) => {
			if (this.matches(node))
				found += node.count;
			else
				node.children.forEach(visit);
		};
		if (!this.words)
			return;
		visit(this.root);
		this.status.textContent = found + " of " +
			plural(this.root.count, "descriptor", "descriptors") + " match";
	}

	matches(node) {
		return this.words !== "" && node.name.toLowerCase().includes(this.words);
	}

	search(words) {
		this.words = words;
		this.status.textContent = "";
		this.mark();
	}

	zoom(node) {
		this.top = node;
		this.draw();
		this.tell(node);
	}

	by(measure) {
		this.measure = measure;
		this.draw();
	}

	onClick(event) {
		const node = event.target.node;

		if (!node)
			return;
		this.zoom(node);
		this.buttons.get(node).focus();
	}

	focus(node) {
		const button = this.buttons.get(node);

		if (!button)
			return;
		for (const other of this.buttons.values())
			other.tabIndex = -1;
		button.tabIndex = 0;
		button.focus();
	}

	/* Up to the caller, down to the widest callee, left and right to its neighbours. */
	onKey(event) {
		const node = event.target.node;
		const row = [...this.buttons.keys()].filter((other) => other.depth === node.depth);
		const at = (button) => parseFloat(this.buttons.get(button).style.left);
		const sorted = row.sort((a, b) => at(a) - at(b));
		const shown = (child) => this.buttons.has(child);
		const moves = {
			ArrowUp: () => this.focus(node.parent),
			ArrowDown: () => this.focus([...node.children.values()]
				.filter(shown).sort((a, b) => b[this.measure] - a[this.measure])[0]),
			ArrowLeft: () => this.focus(sorted[sorted.indexOf(node) - 1]),
			ArrowRight: () => this.focus(sorted[sorted.indexOf(node) + 1]),
			Escape: () => {
				this.zoom(this.root);
				this.focus(this.root);
			},
		};

		if (!moves[event.key])
			return;
		moves[event.key]();
		event.preventDefault();
	}
}

function makeMeasure(icicle, complete) {
	const select = make("select", {},
		make("option", { value: "count" }, "number of descriptors"),
		make("option", { value: "age" }, complete ? "sum of their ages"
			: "sum of the ages of listed descriptors"));

	select.addEventListener("change", () => icicle.by(select.value));
	return make("label", {}, "Width: ", select);
}

function addIcicle(place, process) {
	const icicle = new Icicle(process);
	const aged = process.groups.flatMap((group) => group.stacks)
		.map((stack) => stack.ages.length === stack.count);
	const tools = make("div", { className: "tools" },
		makeSearch("Search functions", (words) => icicle.search(words)));

	if (!icicle.root.count)
		return;
	if (icicle.root.age > 0)
		tools.append(makeMeasure(icicle, !aged.includes(false)));
	tools.append(icicle.all, icicle.status);
	place.append(make("h2", {}, "Open descriptors by stack"),
		make("p", { className: "fact" }, "Functions that lead to a likely leak are striped and " +
			"begin with an exclamation mark. Click one to zoom in."),
		tools, make("div", { className: "icicle" }, icicle.canvas));
}
