// SPDX-License-Identifier: MIT
/* Parses the lines of groups and peaks that are neither frames nor descriptors: headings and
 * keyword lines. */
#include <string.h>

#include "parse.h"

/* "tcp sockets": the noun for count descriptors of a kind. The longest match counts, because
 * "sockets" is a kind by itself. */
static bool take_noun(struct scan *line, int64_t count, enum kind *kind)
{
	size_t many = count == 1 ? 1 : 2;

	for (int i = 0; i < KIND_COUNT; i++) {
		struct scan at = *line;

		if (scan_words(&at, kind_noun((enum kind)i, many)) &&
		    (scan_words(&at, " in ") || scan_words(&at, " (") || scan_words(&at, ", "))) {
			*kind = (enum kind)i;
			scan_words(line, kind_noun(*kind, many));
			return true;
		}
	}
	*kind = KIND_COUNT;
	return scan_words(line, many == 1 ? "descriptor" : "descriptors");
}

static void add_state(struct parse *parse, struct model_group *group, struct span name,
		      int64_t count)
{
	if (group->state_count == sizeof(group->states) / sizeof(*group->states))
		return;
	group->states[group->state_count].name =
		strings_keep(parse->strings, parse->memory, name.begin, span_length(name));
	group->states[group->state_count++].count = count;
}

/* " in CLOSE_WAIT", or " (3 in CLOSE_WAIT, 2 in ESTABLISHED)", or nothing */
static bool take_states(struct parse *parse, struct scan *line, struct model_group *group)
{
	struct span name;
	int64_t count;

	if (scan_words(line, " in ")) {
		if (!scan_word(line, &name))
			return false;
		add_state(parse, group, name, group->count);
		return true;
	}
	if (!scan_words(line, " ("))
		return true;
	do {
		if (!scan_number(line, &count) || !scan_words(line, " in ") ||
		    !scan_word(line, &name))
			return false;
		add_state(parse, group, name, count);
	} while (scan_words(line, ", "));
	return scan_words(line, ")");
}

/* Skips " at client.py:6" after the function of an interpreted language. */
static void skip_line(struct scan *line)
{
	struct scan at = *line;
	struct span file;
	int64_t number;

	if (!scan_words(&at, " at ") || !scan_word(&at, &file))
		return;
	if (*file.begin == '"' && scan_words(&at, ":"))
		scan_number(&at, &number);
	*line = at;
}

/* Whether the name before this blank ends there: a place follows, or a comma stands before it. */
static bool ends_name(const struct scan *line, const char *blank)
{
	struct scan after = {blank, line->end};

	return blank[-1] == ',' || scan_words(&after, " at ");
}

/* "in main", "in fetch at client.py:6", "at libfoo.so+0x12", "at 0x7f00", "at an unknown place" */
static const char *take_place(struct parse *parse, struct scan *line)
{
	struct span word;
	uint64_t offset;

	if (scan_words(line, "in ")) {
		/* A function's name with a blank is quoted. */
		if (!scan_at_end(line) && *line->at == '"') {
			scan_word(line, &word);
		} else {
			const char *end = memchr(line->at, ' ', (size_t)(line->end - line->at));

			if (!end || !ends_name(line, end))
				end = line->end;
			else if (end[-1] == ',')
				end--;
			word = (struct span){line->at, end};
			line->at = word.end;
		}
		skip_line(line);
		return span_unquote(word, parse->memory);
	}
	if (!scan_words(line, "at ") || scan_words(line, "an unknown place") ||
	    !scan_word(line, &word))
		return NULL;
	/* A quoted module's offset follows the closing quote. */
	char *place = span_unquote(word, parse->memory);
	struct scan after = *line;
	if (!scan_words(&after, "+") || !scan_address(&after, &offset))
		return place;
	obstack_grow(parse->memory, place, strlen(place));
	obstack_grow0(parse->memory, line->at, (size_t)(after.at - line->at));
	*line = after;
	return obstack_finish(parse->memory);
}

static bool take_origin(struct parse *parse, struct scan *line, struct model_group *group)
{
	static const char *const ways[] = {"opened", "duplicated", "received"};

	if (scan_words(line, "opened by an untraced call") ||
	    scan_words(line, "opened behind fdtrail's back")) { /* older snapshots */
		group->origin = MODEL_UNSEEN;
		return true;
	}
	if (scan_words(line, "opener unknown") || scan_words(line, "of unknown origin")) {
		group->origin = MODEL_UNTRACED;
		return true;
	}
	if (scan_words(line, "inherited")) {
		group->origin = MODEL_INHERITED;
		if (scan_words(line, ", last used "))
			group->last_used = take_place(parse, line);
		group->by_exec = scan_words(line, " through exec, ");
		if (!group->by_exec && !scan_words(line, " through fork, "))
			return true;
		group->origin = MODEL_INHERITED_FORK;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (scan_words(line, ways[i]) && scan_words(line, " ")) {
			group->how = ways[i];
			group->place = take_place(parse, line);
			if (scan_words(line, ", last used "))
				group->last_used = take_place(parse, line);
			return true;
		}
	return false;
}

static void init_group(struct model_group *group)
{
	*group = (struct model_group){
		.age_least = -1,
		.age_most = -1,
		.opened = MODEL_UNKNOWN,
		.closed = MODEL_UNKNOWN,
		.live = MODEL_UNKNOWN,
		.peak = MODEL_UNKNOWN,
	};
}

bool parse_heading(struct parse *parse, struct scan line, struct model_group *group)
{
	init_group(group);
	if (!scan_words(&line, "group ") || !scan_number(&line, &group->number) ||
	    !scan_words(&line, ": "))
		return false;

	struct span sentence = {line.at, line.end};
	if (!scan_number(&line, &group->count) || !scan_words(&line, " ") ||
	    !take_noun(&line, group->count, &group->kind) || !take_states(parse, &line, group) ||
	    !scan_words(&line, ", ") || !take_origin(parse, &line, group))
		return false;
	group->sentence = obstack_copy0(parse->memory, sentence.begin, span_length(sentence));
	return true;
}

/* "peak 1: at most 100 open at once, opened in main" */
bool parse_peak_heading(struct parse *parse, struct scan line, struct model_peak *peak)
{
	struct model_group *group = &peak->of;

	*peak = (struct model_peak){.reached = -1, .until_end = MODEL_UNKNOWN};
	init_group(group);
	group->kind = KIND_COUNT;
	if (!scan_words(&line, "peak ") || !scan_number(&line, &group->number) ||
	    !scan_words(&line, ": "))
		return false;

	struct span sentence = {line.at, line.end};
	group->peak_at_most = scan_words(&line, "at most ");
	if (!scan_number(&line, &group->peak) || !scan_words(&line, " open at once, ") ||
	    !take_origin(parse, &line, group) || group->origin != MODEL_OPENED)
		return false;
	group->sentence = obstack_copy0(parse->memory, sentence.begin, span_length(sentence));
	return true;
}

bool parse_peak_line(struct parse *parse, struct scan line, struct model_peak *peak)
{
	struct scan at = line;
	int64_t until_end;
	double reached;

	if (scan_words(&at, "  until the end: ")) {
		if (!scan_number(&at, &until_end) || !scan_at_end(&at))
			return false;
		peak->until_end = until_end;
		return true;
	}
	if (!scan_words(&line, "  reached: "))
		return false;

	struct span written = {line.at, line.end};
	if (!scan_duration(&line, &reached) || !scan_words(&line, " after the start") ||
	    !scan_at_end(&line))
		return false;
	peak->reached = reached;
	peak->reached_text = obstack_copy0(parse->memory, written.begin, span_length(written));
	return true;
}

/* "misuse 1: double close of 3, in main" */
bool parse_misuse_heading(struct parse *parse, struct scan line, struct model_misuse *misuse)
{
	struct model_group *group = &misuse->of;

	*misuse = (struct model_misuse){.first = -1, .kind = MODEL_MISUSE_KINDS};
	init_group(group);
	group->kind = KIND_COUNT;
	if (!scan_words(&line, "misuse ") || !scan_number(&line, &group->number) ||
	    !scan_words(&line, ": "))
		return false;

	struct span sentence = {line.at, line.end};
	for (int kind = 0; kind < MODEL_MISUSE_KINDS; kind++) {
		struct scan at = line;

		if (!scan_words(&at, model_misuse_name((enum model_misuse_kind)kind)) ||
		    !scan_words(&at, " "))
			continue;
		scan_words(&at, "of "); /* not after "another's" */
		misuse->kind = (enum model_misuse_kind)kind;
		line = at;
		break;
	}
	if (misuse->kind == MODEL_MISUSE_KINDS || !scan_number(&line, &misuse->fd) ||
	    !scan_words(&line, ", "))
		return false;
	group->place = take_place(parse, &line);
	group->sentence = obstack_copy0(parse->memory, sentence.begin, span_length(sentence));
	return true;
}

bool parse_misuse_line(struct parse *parse, struct scan line, struct model_misuse *misuse)
{
	struct span word;
	double first;
	int64_t times;

	if (scan_words(&line, "  call: ")) {
		if (!scan_word(&line, &word) || !scan_at_end(&line))
			return false;
		misuse->call =
			strings_keep(parse->strings, parse->memory, word.begin, span_length(word));
		return true;
	}
	if (scan_words(&line, "  times: ")) {
		if (!scan_number(&line, &times) || !scan_at_end(&line))
			return false;
		misuse->times = times;
		return true;
	}
	if (scan_words(&line, "  first: ")) {
		if (!scan_duration(&line, &first) || !scan_words(&line, " after the start") ||
		    !scan_at_end(&line))
			return false;
		misuse->first = first;
		return true;
	}
	return scan_words(&line, "  closed before: ");
}

bool parse_ages(struct parse *parse, struct scan line, struct model_group *group)
{
	double least, most;

	if (!scan_words(&line, "  ages: "))
		return false;

	struct span written = {line.at, line.end};
	if (!scan_duration(&line, &least))
		return false;
	most = least;
	if (scan_words(&line, " to ") && !scan_duration(&line, &most))
		return false;
	if (!scan_at_end(&line))
		return false;
	group->age_least = least;
	group->age_most = most;
	group->ages = obstack_copy0(parse->memory, written.begin, span_length(written));
	return true;
}

bool parse_generation(struct scan line, struct model_group *group)
{
	int64_t generation, last;

	if (!scan_words(&line, "  generation: ") || !scan_number(&line, &generation) ||
	    !scan_words(&line, " of ") || !scan_number(&line, &last) || !scan_at_end(&line))
		return false;
	group->generation = generation;
	group->last_generation = last;
	return true;
}

bool parse_figures(struct scan line, struct model_group *group)
{
	int64_t opened, closed, live, growth = 0, peak = MODEL_UNKNOWN;
	bool has_growth = false, shrank = false, at_most = false;

	if (!scan_words(&line, "  stack: ") || !scan_number(&line, &opened) ||
	    !scan_words(&line, " opened, ") || !scan_number(&line, &closed) ||
	    !scan_words(&line, " closed, ") || !scan_number(&line, &live) ||
	    !scan_words(&line, " live"))
		return false;
	if (scan_words(&line, ", +") || (shrank = scan_words(&line, ", -"))) {
		if (!scan_number(&line, &growth) || !scan_words(&line, " since the last snapshot"))
			return false;
		has_growth = true;
	}
	if (scan_words(&line, "; peak ")) {
		at_most = scan_words(&line, "at most ");
		if (!scan_number(&line, &peak))
			return false;
	}
	if (!scan_at_end(&line))
		return false;
	group->peak = peak;
	group->peak_at_most = at_most;
	group->opened = opened;
	group->closed = closed;
	group->live = live;
	group->growth = shrank ? -growth : growth;
	group->has_growth = has_growth;
	return true;
}

bool parse_stack(struct parse *parse, struct scan line, struct model_stack *stack, bool *ancestor)
{
	static const struct {
		const char *words;
		enum model_stack_role role;
		bool ancestor, asked, http;
	} headings[] = {
		{"  opened at", MODEL_OPENED_AT, false, false, false},
		{"  connected at", MODEL_CONNECTED_AT, false, false, false},
		{"  last HTTP request by", MODEL_LAST_USED_AT, false, false, true},
		{"  last used at", MODEL_LAST_USED_AT, false, false, false},
		{"  misused at", MODEL_MISUSED_AT, false, false, false},
		{"  closed before at", MODEL_CLOSED_BEFORE_AT, false, false, false},
		{"  was opened at", MODEL_OPENED_AT, false, false, false},
		{"  opened since at", MODEL_OPENED_AT, false, false, false},
		{"  created by", MODEL_OPENED_AT, true, false, false},
		{"  asked for by", MODEL_OPENED_AT, true, true, false},
	};

	*stack = (struct model_stack){0};
	for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++) {
		if (!scan_words(&line, headings[i].words))
			continue;
		stack->role = headings[i].role;
		*ancestor = headings[i].ancestor;
		stack->asked = headings[i].asked;
		stack->http = headings[i].http;
		if (scan_words(&line, ":"))
			return scan_at_end(&line);
		if (line.end - line.at < 4 || !scan_words(&line, " (") ||
		    memcmp(line.end - 2, "):", 2) != 0)
			return false;
		stack->share = strings_keep(parse->strings, parse->memory, line.at,
					    (size_t)(line.end - 2 - line.at));
		return true;
	}
	return false;
}

bool parse_closer(struct scan line, struct model_stack *stack)
{
	*stack = (struct model_stack){.role = MODEL_CLOSED_AT};
	return scan_words(&line, "  closed at (") && scan_number(&line, &stack->closed) &&
	       scan_words(&line, "):") && scan_at_end(&line);
}

bool parse_closed_elsewhere(struct scan line, struct model_group *group)
{
	int64_t count, stacks = 0;
	int64_t *to;

	if (scan_words(&line, "  closed at other stacks: "))
		to = &group->closed_elsewhere.others;
	else if (scan_words(&line, "  closed by untraced calls: "))
		to = &group->closed_elsewhere.untraced;
	else if (scan_words(&line, "  closed at unknown places: "))
		to = &group->closed_elsewhere.unknown;
	else
		return false;
	if (!scan_number(&line, &count))
		return false;
	if (to == &group->closed_elsewhere.others &&
	    (!scan_words(&line, " at ") || !scan_number(&line, &stacks)))
		return false;
	if (!scan_at_end(&line))
		return false;
	*to = count;
	if (stacks)
		group->closed_elsewhere.other_stacks = stacks;
	return true;
}
