# SPDX-License-Identifier: MIT
# bash completion for fdtrail(1). Verbs and options are asked of the command itself, so this knows what
# the installed version knows.

# The options of a verb: those with a value end in "=".
_fdtrail_options()
{
	"$1" "$2" --help 2>/dev/null | sed -n \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*\)\[=.*/\2/p;t' \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*=\).*/\2/p;t' \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*\).*/\2/p'
}

# The values of an option that has a fixed set of them.
_fdtrail_values()
{
	case $1 in
	--engine) echo auto preload ptrace ;;
	--color) echo auto always never ;;
	--format) echo text folded json pprof prometheus ;;
	esac
}

_fdtrail()
{
	local command=${COMP_WORDS[0]} verb=${COMP_WORDS[1]} i
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$command" help 2>/dev/null |
			sed -n 's/^  \([a-z]*\)  *.*/\1/p')" -- "$word")
		return
	fi

	# Behind run's options stands another command, with a completion of its own.
	if [ "$verb" = run ]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			--)
				i=$((i + 1))
				;;
			-o | --*)
				[ "${COMP_WORDS[i]}" != -o ] || i=$((i + 1))
				[ "${COMP_WORDS[i + 1]}" != = ] || i=$((i + 2))
				continue
				;;
			esac
			if declare -F _command_offset >/dev/null; then
				_command_offset "$i"
			elif [ "$i" -lt "$COMP_CWORD" ]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$word")
			else
				mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
			fi
			return
		done
	fi

	# bash splits --name=value at "=".
	[ "$word" != = ] || word=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	local values
	values=$(_fdtrail_values "$before")
	if [ -n "$values" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
		return
	fi
	case $before in
	--pid)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")
		return
		;;
	esac
	case $verb:$word in
	help:*)
		mapfile -t COMPREPLY < <(compgen -W "$("$command" help 2>/dev/null |
			sed -n 's/^  \([a-z]*\)  *.*/\1/p')" -- "$word")
		;;
	*:-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_fdtrail_options "$command" "$verb")" -- "$word")
		[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
		;;
	run:*)
		mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
		;;
	snapshot:*)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames 2>/dev/null
		;;
	esac
}

complete -F _fdtrail fdtrail
