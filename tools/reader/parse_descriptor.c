// SPDX-License-Identifier: MIT
/* Parses the line of a descriptor: its kind, its path or addresses, and its details. Each detail
 * begins with words of its own. */
#include <string.h>

#include "parse.h"

static const char *keep(struct parse *parse, struct span span)
{
	return strings_keep(parse->strings, parse->memory, span.begin, span_length(span));
}

static bool take_kind(struct scan *line, enum kind *kind)
{
	struct scan at = *line;
	struct span word;

	if (!scan_word(&at, &word))
		return false;
	for (int i = 0; i < KIND_COUNT; i++)
		if (span_is(word, kind_name((enum kind)i))) {
			*kind = (enum kind)i;
			*line = at;
			return true;
		}
	return false;
}

/* Parses an address: a word, "@" and a word, or "unbound", "unnamed", "unknown", for which *address
 * is NULL. False if the line has none of these. */
static bool take_address(struct parse *parse, struct scan *line, const char **address)
{
	bool abstract = false;
	struct span word;

	*address = NULL;
	if (scan_words(line, "@"))
		abstract = true;
	/* An empty abstract name is written as "". */
	if (!scan_word(line, &word))
		return false;
	if (!abstract &&
	    (span_is(word, "unbound") || span_is(word, "unnamed") || span_is(word, "unknown")))
		return true;
	char *text = span_unquote(word, parse->memory);
	if (abstract) {
		obstack_1grow(parse->memory, '@');
		obstack_grow0(parse->memory, text, strlen(text));
		text = obstack_finish(parse->memory);
	}
	*address = text;
	return true;
}

static void take_addresses(struct parse *parse, struct scan *line,
			   struct model_descriptor *descriptor)
{
	struct scan at = *line;

	descriptor->unbound = scan_words(&at, "unbound");
	if (take_address(parse, line, &descriptor->local) && scan_words(line, " -> "))
		take_address(parse, line, &descriptor->peer);
}

/* The local address and the peer's as one string, unescaped. */
static const char *both(struct parse *parse, const struct model_descriptor *descriptor)
{
	if (!descriptor->peer)
		return descriptor->local;

	const char *local = descriptor->local               ? descriptor->local
			    : descriptor->kind == KIND_UNIX ? "unnamed"
							    : "unbound";
	obstack_grow(parse->memory, local, strlen(local));
	obstack_grow(parse->memory, " -> ", strlen(" -> "));
	obstack_grow0(parse->memory, descriptor->peer, strlen(descriptor->peer));
	return obstack_finish(parse->memory);
}

/* "unix stream": the kind and the next word. */
static const char *protocol(struct parse *parse, const char *kind, struct span word)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%s%s%.*s", kind, *kind ? " " : "",
			      (int)(span_length(word) < 32 ? span_length(word) : 32), word.begin);

	return strings_keep(parse->strings, parse->memory, text, (size_t)length);
}

/* "inet raw protocol 1 10.0.0.1:1 -> 10.0.0.2:1", "that does not say what it is" */
static void take_other_socket(struct parse *parse, struct scan *line,
			      struct model_descriptor *descriptor)
{
	struct scan at = *line;
	struct span domain, type;
	int64_t number;

	descriptor->protocol = "socket";
	scan_words(&at, "domain ");
	if (!scan_word(&at, &domain) || !scan_words(&at, " ") || !scan_word(&at, &type) ||
	    !scan_words(&at, " protocol ") || !scan_number(&at, &number))
		return;
	descriptor->protocol = protocol(parse, "", (struct span){line->at, type.end});
	if (scan_words(&at, " "))
		take_addresses(parse, &at, descriptor);
	*line = at;
}

static void take_socket(struct parse *parse, struct scan *line, struct model_descriptor *descriptor)
{
	struct span word;

	switch (descriptor->kind) {
	case KIND_TCP:
	case KIND_UDP:
		descriptor->protocol = kind_name(descriptor->kind);
		take_addresses(parse, line, descriptor);
		break;
	case KIND_UNIX:
		descriptor->protocol = "unix";
		if (!scan_word(line, &word))
			break;
		descriptor->protocol = protocol(parse, "unix", word);
		if (scan_words(line, " "))
			take_addresses(parse, line, descriptor);
		break;
	case KIND_NETLINK:
		descriptor->protocol = "netlink";
		if (!scan_word(line, &word))
			break;
		descriptor->protocol = protocol(parse, "netlink", word);
		if (scan_words(line, " ") && !scan_words(line, "unbound")) {
			struct scan at = *line;
			if (scan_detail(&at, &word))
				descriptor->local = keep(parse, word);
		}
		break;
	default:
		take_other_socket(parse, line, descriptor);
	}
	descriptor->what = both(parse, descriptor);
}

/* Parses the first part of the line. Some kinds have none: their details follow at once. */
static void take_what(struct parse *parse, struct scan *line, struct model_descriptor *descriptor)
{
	struct scan at = *line;
	struct span word;

	if (kind_is_socket(descriptor->kind))
		take_socket(parse, &at, descriptor);
	else if (scan_word(&at, &word) &&
		 (!span_is(word, "unknown") || descriptor->kind == KIND_MEMFD))
		descriptor->what = span_unquote(word, parse->memory);
	/* Skip the rest of the first part if it was not understood: it is not a detail. */
	scan_detail(line, &word);
}

/* "12 B" */
static bool take_bytes(struct scan at, int64_t *bytes)
{
	int64_t number;

	if (!scan_number(&at, &number) || !scan_words(&at, " B"))
		return false;
	*bytes = number;
	return true;
}

/* "4711 (worker)", "4711 ended", "4711" */
static void take_thread(struct parse *parse, struct scan at, struct model_descriptor *descriptor)
{
	struct span word;

	if (scan_number(&at, &descriptor->thread) && scan_words(&at, " (") && scan_word(&at, &word))
		descriptor->thread_name = strings_adopt(parse->strings, parse->memory,
							span_unquote(word, parse->memory));
}

static bool is_state(const struct model_descriptor *descriptor, struct span detail)
{
	if (descriptor->kind == KIND_UNIX)
		return span_is(detail, "LISTEN");
	if (descriptor->kind != KIND_TCP || !span_length(detail))
		return false;
	for (const char *at = detail.begin; at < detail.end; at++)
		if (!((*at >= 'A' && *at <= 'Z') || *at == '_' || (*at >= '0' && *at <= '9')))
			return false;
	return true;
}

/* "1 HTTP request by Transport 0xc0000b4000" */
static void take_requests(struct scan at, struct model_descriptor *descriptor)
{
	int64_t count;
	uint64_t transport;

	if (!scan_number(&at, &count) ||
	    !(scan_words(&at, " HTTP requests by Transport ") ||
	      scan_words(&at, " HTTP request by Transport ")) ||
	    !scan_address(&at, &transport))
		return;
	descriptor->requests = count;
	descriptor->transport = transport;
}

/* "a FILE stream: fclose() closes it" */
static bool take_stream(struct scan at, struct model_descriptor *descriptor)
{
	if (!scan_words(&at, "a "))
		return false;
	for (int stream = MODEL_FILE; stream <= MODEL_POPEN; stream++) {
		struct scan name = at;

		if (scan_words(&name, model_stream_name((enum model_stream)stream)) &&
		    scan_words(&name, " stream")) {
			descriptor->stream = (enum model_stream)stream;
			return true;
		}
	}
	return false;
}

/* "read-write" */
static bool take_access(struct span detail, struct model_descriptor *descriptor)
{
	for (int access = MODEL_READ; access <= MODEL_PATH_ONLY; access++)
		if (span_is(detail, model_access_name((enum model_access)access))) {
			descriptor->access = (enum model_access)access;
			return true;
		}
	return false;
}

static void take_detail(struct parse *parse, struct span detail,
			struct model_descriptor *descriptor)
{
	struct scan at = {detail.begin, detail.end};

	if (is_state(descriptor, detail)) {
		descriptor->state = keep(parse, detail);
	} else if (scan_words(&at, "age ")) {
		scan_duration(&at, &descriptor->age);
	} else if (scan_words(&at, "idle ")) {
		scan_duration(&at, &descriptor->idle);
	} else if (scan_words(&at, "unread ")) {
		take_bytes(at, &descriptor->unread);
	} else if (scan_words(&at, "unsent ")) {
		take_bytes(at, &descriptor->unsent);
	} else if (scan_words(&at, "size ")) {
		if (!scan_number(&at, &descriptor->size))
			descriptor->size = MODEL_UNKNOWN;
	} else if (scan_words(&at, "watches ")) {
		if (!scan_number(&at, &descriptor->watches))
			descriptor->watches = MODEL_UNKNOWN;
	} else if (scan_words(&at, "also open in process ")) {
		descriptor->in_child = true;
	} else if (span_is(detail, "process ended")) {
		descriptor->process_ended = true;
	} else if (scan_words(&at, "thread ")) {
		take_thread(parse, at, descriptor);
	} else if (scan_words(&at, "mark ")) {
		scan_number(&at, &descriptor->mark);
	} else if (scan_words(&at, "dup of ")) {
		descriptor->duplicated = true;
		scan_number(&at, &descriptor->dup_of);
	} else if (span_is(detail, "original open")) {
		descriptor->original = MODEL_ORIGINAL_OPEN;
	} else if (span_is(detail, "original closed")) {
		descriptor->original = MODEL_ORIGINAL_CLOSED;
	} else if (span_is(detail, "dup")) {
		descriptor->duplicated = true;
	} else if (span_is(detail, "received over a socket")) {
		descriptor->received = true;
	} else if (span_is(detail, "no close-on-exec")) {
		descriptor->no_cloexec = true;
	} else if (scan_words(&at, "name can't be read: ")) {
		descriptor->what = NULL; /* "unknown" is a memfd's name only without this detail */
	} else if (span_is(detail, "deleted")) {
		descriptor->deleted = true;
	} else if (!take_stream(at, descriptor) && !take_access(detail, descriptor)) {
		take_requests(at, descriptor);
	}
}

bool parse_descriptor(struct parse *parse, struct scan line, struct model_descriptor *descriptor)
{
	struct span detail;

	*descriptor = (struct model_descriptor){
		.age = -1,
		.idle = -1,
		.size = MODEL_UNKNOWN,
		.watches = MODEL_UNKNOWN,
		.dup_of = MODEL_UNKNOWN,
		.thread = MODEL_UNKNOWN,
	};
	if (!scan_words(&line, "    ") || !scan_number(&line, &descriptor->fd) ||
	    !scan_words(&line, " ") || !take_kind(&line, &descriptor->kind))
		return false;
	if (!scan_words(&line, " ")) {
		if (!scan_at_end(&line) && *line.at != ',')
			return false;
		descriptor->text =
			obstack_copy0(parse->memory, line.at, (size_t)(line.end - line.at));
		scan_words(&line, ", ");
	} else {
		descriptor->text =
			obstack_copy0(parse->memory, line.at, (size_t)(line.end - line.at));
		take_what(parse, &line, descriptor);
	}
	while (scan_detail(&line, &detail))
		take_detail(parse, detail, descriptor);
	return true;
}

bool parse_mark(struct parse *parse, struct scan line, struct model_mark *mark)
{
	if (!scan_words(&line, "  "))
		return false;

	struct span written = {line.at, line.end};
	if (!scan_number(&line, &mark->number) || !scan_words(&line, ", ") ||
	    !scan_duration(&line, &mark->at) || !scan_words(&line, " after the start, ") ||
	    !scan_number(&line, &mark->open) || !scan_words(&line, " open: "))
		return false;
	mark->text = span_unescape((struct span){line.at, line.end}, parse->memory);
	mark->line = obstack_copy0(parse->memory, written.begin, span_length(written));
	return true;
}

bool parse_more(struct scan line, int64_t *more)
{
	return scan_words(&line, "    and ") && scan_number(&line, more) &&
	       scan_words(&line, " more (");
}
