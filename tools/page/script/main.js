/* SPDX-License-Identifier: MIT */
/* Starts all parts for each process. */

function start() {
	const processes = JSON.parse(document.getElementById("data").textContent);

	document.documentElement.classList.add("script");
	document.querySelectorAll(".process").forEach((section, i) => {
		const place = section.querySelector(".pictures");

		enhanceTable(section);
		addIcicle(place, processes[i]);
		addCharts(place, processes[i]);
	});
	document.documentElement.dataset.ready = "yes";
}

/* "/" goes to the first search. */
document.addEventListener("keydown", (event) => {
	if (event.key !== "/" || event.target.matches("input, select"))
		return;
	document.querySelector("input[type=search]")?.focus();
	event.preventDefault();
});

start();
