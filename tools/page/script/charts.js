/* SPDX-License-Identifier: MIT */
/* A chart for each group: how many were open at each snapshot, or when those that are open were
 * opened. A leak is a staircase, or spread over the whole time; a pool is a block. */

const CHARTS = 12; /* drawn at first: the likeliest leaks */
const BARS = 48;
const CHART_WIDTH = 480, CHART_HEIGHT = 64;

function makeFigure(group, picture, words, left, right) {
	const evidence = group.evidence ? make("b", {}, group.evidence + ": ") : "";

	picture.setAttribute("role", "img");
	picture.setAttribute("aria-label", words);
	picture.append(makeSvg("title", {}, words));
	return make("figure", { className: group.leaks ? "leak" : "" },
		make("figcaption", { title: group.heading }, group.number + ". ", evidence, group.heading),
		picture,
		make("div", { className: "axis" }, make("span", {}, left), make("span", {}, words),
			make("span", {}, right)));
}

function makePicture() {
	return makeSvg("svg", {
		viewBox: "0 0 " + CHART_WIDTH + " " + CHART_HEIGHT, preserveAspectRatio: "none",
	});
}

/* The places of the moments: by time, or evenly if the times are not known. The last one is not at the
 * edge, so that its step is seen. */
function momentPlaces(moments) {
	const span = moments[0].before;

	return moments.map((moment, i) => 0.94 * CHART_WIDTH *
		(span > 0 ? (span - moment.before) / span : i / (moments.length - 1)));
}

function drawHistory(group, moments) {
	const places = momentPlaces(moments), most = Math.max(1, ...group.history);
	const height = (count) => CHART_HEIGHT - (CHART_HEIGHT - 4) * count / most;
	const picture = makePicture();
	let path = "M0 " + height(group.history[0]);

	for (let i = 1; i < places.length; i++)
		path += "H" + places[i] + "V" + height(group.history[i]);
	picture.append(makeSvg("path", { class: "step", d: path + "H" + CHART_WIDTH }));
	return makeFigure(group, picture, group.history[0] + " to " + group.history.at(-1) + " open",
		moments[0].before > 0 ? duration(moments[0].before) + " before" : "first", "last snapshot");
}

function agesOf(group) {
	return group.stacks.flatMap((stack) => stack.ages);
}

function drawOpenings(group, uptime) {
	const ages = agesOf(group), bars = new Array(BARS).fill(0), picture = makePicture();
	const listed = ages.length === group.count ? "" : " of " + group.count;

	for (const age of ages)
		bars[Math.max(0, Math.min(BARS - 1, Math.floor(BARS * (1 - age / uptime))))]++;
	const most = Math.max(...bars), width = CHART_WIDTH / BARS;
	bars.forEach((count, i) => {
		const height = (CHART_HEIGHT - 4) * count / most;

		if (count)
			picture.append(makeSvg("rect", {
				class: "bar", x: i * width, width: width - 1, y: CHART_HEIGHT - height, height,
			}));
	});
	return makeFigure(group, picture, ages.length + listed + " opened, at most " + most +
		" in " + duration(uptime / BARS), duration(uptime) + " ago", "now");
}

/* Draws the first groups at once, and the others on demand. */
function addFigures(place, groups, draw) {
	const charts = make("div", { className: "charts" });
	const rest = groups.slice(CHARTS);
	const more = make("button", { type: "button", className: "more", hidden: !rest.length },
		"Draw " + plural(rest.length, "more group", "more groups"));

	charts.append(...groups.slice(0, CHARTS).map(draw));
	more.addEventListener("click", () => {
		charts.append(...rest.map(draw));
		more.hidden = true;
	});
	place.append(charts, more);
}

function addCharts(place, process) {
	const moments = process.moments, groups = process.groups.filter((group) => !group.suppressed);
	const followed = groups.filter((group) => group.history);
	const aged = groups.filter((group) => agesOf(group).length);
	const longest = aged.flatMap(agesOf).reduce((most, age) => Math.max(most, age), 0);
	const uptime = process.uptime > 0 ? process.uptime : longest;

	if (moments.length > 1 && followed.length) {
		place.append(make("h2", {}, "Open descriptors over " + moments.length + " snapshots"),
			make("p", { className: "fact" }, "A leak is a staircase; a pool stays level."));
		addFigures(place, followed, (group) => drawHistory(group, moments));
	}
	if (moments.length < 2 && aged.length && uptime > 0) {
		place.append(make("h2", {}, "When open descriptors were opened"),
			make("p", { className: "fact" }, "A leak is spread over the whole time; a pool is a block."));
		addFigures(place, aged, (group) => drawOpenings(group, uptime));
	}
}
