/* SPDX-License-Identifier: MIT */
/* The page's script works on the finished text: each part adds to it and needs no other part. Texts
 * from the snapshot only ever become text nodes and attributes. */
"use strict";

/* An element with these properties and children (elements or texts). */
function make(tag, properties, ...children) {
	const element = Object.assign(document.createElement(tag), properties);

	element.append(...children);
	return element;
}

function makeSvg(tag, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children);
	return element;
}

function plural(count, one, many) {
	return count + " " + (count === 1 ? one : many);
}

/* Seconds as the report writes them: "12.1s", "4m02s", "3h05m". */
function duration(seconds) {
	const two = (number) => String(Math.floor(number)).padStart(2, "0");

	if (seconds < 60)
		return (Math.round(seconds * 10) / 10) + "s";
	if (seconds < 3600)
		return Math.floor(seconds / 60) + "m" + two(seconds % 60) + "s";
	if (seconds < 86400)
		return Math.floor(seconds / 3600) + "h" + two((seconds % 3600) / 60) + "m";
	return Math.floor(seconds / 86400) + "d" + two((seconds % 86400) / 3600) + "h";
}

/* Calls action when the user pauses, not at each key. */
function afterPause(action) {
	let timer = 0;

	return () => {
		clearTimeout(timer);
		timer = setTimeout(action, 80);
	};
}

function makeSearch(label, action) {
	const input = make("input", { type: "search", placeholder: label });

	input.setAttribute("aria-label", label);
	input.addEventListener("input", afterPause(() => action(input.value.trim().toLowerCase())));
	return input;
}
