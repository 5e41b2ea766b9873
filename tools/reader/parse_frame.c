// SPDX-License-Identifier: MIT
/* Parses frames and modules. */
#include <string.h>

#include "parse.h"

/* The first of the hexadecimal digits at the end of the text; end if there are none. */
static const char *hex_at_end(const char *begin, const char *end)
{
	while (end > begin && end[-1] && strchr("0123456789abcdef", end[-1]))
		end--;
	return end;
}

/* Takes " (BuildId: 25c3...)" from the end of the line. */
static void take_build_id(struct parse *parse, struct scan *line, struct model_frame *frame)
{
	static const char words[] = " (BuildId: ";
	const char *at = line->end;
	struct scan before;

	if (at - line->at < 2 || at[-1] != ')')
		return;
	at = hex_at_end(line->at, at - 1);
	if (at == line->end - 1 || at - line->at < (ptrdiff_t)strlen(words))
		return;
	before = (struct scan){at - strlen(words), at};
	if (!scan_words(&before, words))
		return;
	frame->build_id =
		strings_keep(parse->strings, parse->memory, at, (size_t)(line->end - 1 - at));
	line->end = at - strlen(words);
}

/* "(MODULE+0x11a9)": the module ends at the last "+0x". */
static bool take_module(struct parse *parse, struct scan line, struct model_frame *frame)
{
	struct scan offset;

	if (!scan_words(&line, "(") || line.at == line.end || line.end[-1] != ')')
		return false;
	line.end--;
	for (const char *at = line.end - 1; at > line.at; at--) {
		if (*at != '+')
			continue;
		offset = (struct scan){at + 1, line.end};
		if (!scan_address(&offset, &frame->offset) || !scan_at_end(&offset))
			return false;
		frame->module =
			strings_adopt(parse->strings, parse->memory,
				      span_unescape((struct span){line.at, at}, parse->memory));
		return true;
	}
	return false;
}

/* The line number after a file's name: in quotes that end before it, or after the last colon. */
static bool take_line(struct scan *line, struct span *file, struct model_location *location)
{
	struct scan number = *line;
	int64_t value;

	if (*file->begin != '"') {
		const char *colon = memrchr(file->begin, ':', span_length(*file));

		if (!colon)
			return true;
		number = (struct scan){colon, file->end};
		file->end = colon;
	} else if (scan_at_end(line) || *line->at != ':') {
		return true;
	}
	if (!scan_words(&number, ":") || !scan_number(&number, &value) || value > INT32_MAX)
		return false;
	location->line = (int)value;
	if (*file->begin == '"')
		line->at = number.at;
	return *file->begin == '"' || scan_at_end(&number);
}

/* "leaky_fetch /srv/client.py:6 (python, library)": a frame of an interpreted language. */
static bool parse_language_frame(struct parse *parse, struct scan line, struct model_frame *frame)
{
	struct model_location location = {0};
	struct span word;

	if (!scan_word(&line, &word))
		return false;
	frame->function = location.function =
		strings_adopt(parse->strings, parse->memory, span_unquote(word, parse->memory));
	if (!scan_words(&line, " "))
		return false;
	if (!scan_at_end(&line) && *line.at != '(') {
		if (!scan_word(&line, &word) || !take_line(&line, &word, &location) ||
		    !scan_words(&line, " "))
			return false;
		location.file = strings_adopt(parse->strings, parse->memory,
					      span_unquote(word, parse->memory));
	}
	if (!scan_words(&line, "(") || !scan_word(&line, &word))
		return false;
	frame->language =
		strings_keep(parse->strings, parse->memory, word.begin, span_length(word));
	frame->library = scan_words(&line, ", library");
	if (!scan_words(&line, ")") || !scan_at_end(&line))
		return false;
	frame->own = !frame->library;
	frame->locations = obstack_copy(parse->memory, &location, sizeof(location));
	frame->location_count = 1;
	return true;
}

bool parse_frame(struct parse *parse, struct scan line, struct model_frame *frame)
{
	struct span name = {0};

	*frame = (struct model_frame){0};
	if (!scan_words(&line, "    #") || !scan_number(&line, &frame->index) ||
	    !scan_words(&line, " "))
		return false;
	if (scan_words(&line, "in "))
		return parse_language_frame(parse, line, frame);
	if (!scan_address(&line, &frame->address))
		return false;
	if (scan_words(&line, " in ")) {
		if (!scan_at_end(&line) && *line.at == '"') {
			scan_word(&line, &name);
		} else {
			const char *end = memchr(line.at, ' ', (size_t)(line.end - line.at));
			if (!end)
				return false;
			name = (struct span){line.at, end};
			line.at = end;
		}
	}
	if (!scan_words(&line, " "))
		return false;
	if (!name.begin && line.end - line.at == (ptrdiff_t)strlen("(in no known module)") &&
	    scan_words(&line, "(in no known module)"))
		return true;
	take_build_id(parse, &line, frame);
	if (!take_module(parse, line, frame))
		return false;
	if (name.begin)
		frame->function = strings_adopt(parse->strings, parse->memory,
						span_unquote(name, parse->memory));
	return true;
}

bool parse_module(struct parse *parse, struct scan line, struct model_module *module)
{
	struct span word, detail;

	*module = (struct model_module){0};
	if (!scan_words(&line, "  ") || !scan_address(&line, &module->start) ||
	    !scan_words(&line, "-") || !scan_address(&line, &module->end) ||
	    !scan_words(&line, " ") || !scan_word(&line, &word))
		return false;
	module->path =
		strings_adopt(parse->strings, parse->memory, span_unquote(word, parse->memory));
	scan_words(&line, ", ");
	while (scan_detail(&line, &detail)) {
		struct scan at = {detail.begin, detail.end};

		if (scan_words(&at, "BuildId ")) {
			/* A damaged build-id counts as unknown. */
			if (hex_at_end(at.at, at.end) == at.at && !scan_at_end(&at))
				module->build_id = strings_keep(parse->strings, parse->memory,
								at.at, (size_t)(at.end - at.at));
		} else if (scan_words(&at, "library of ")) {
			module->library_of = strings_keep(parse->strings, parse->memory, at.at,
							  (size_t)(at.end - at.at));
		} else if (span_is(detail, "unloaded")) {
			module->unloaded = true;
		} else {
			module->trouble = strings_keep(parse->strings, parse->memory, detail.begin,
						       span_length(detail));
		}
	}
	return true;
}
