# SPDX-License-Identifier: MIT
# bash completion for fdtrail(1). The command itself lists its verbs, options and values, so this always
# fits the installed version.

# The options of a verb: those with a value end in "=".
_fdtrail_options()
{
	"$1" "$2" --help 2>/dev/null | sed -n \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*\)\[=.*/\2/p;t' \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*=\).*/\2/p;t' \
		-e 's/^ *\(-.,\)\{0,1\} *\(--[a-z0-9-]*\).*/\2/p'
}

# The kind of value that a verb's option takes, by --help: FILE, PID, KINDS, ...
_fdtrail_takes()
{
	"$1" "$2" --help 2>/dev/null | sed -n "s/^ *\(-.,\)\{0,1\} *$3\[\{0,1\}=\([A-Z]*\).*/\2/p"
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

	# After run's options comes another command, with its own completion.
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
	case $before in
	--*)
		local words list=
		words=$("$command" help "$verb" --values="$before" 2>/dev/null)
		case $(_fdtrail_takes "$command" "$verb" "$before") in
		'') ;;
		FILE | DIR)
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			compopt -o filenames 2>/dev/null
			return
			;;
		PID)
			mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")
			return
			;;
		KINDS | STATES)
			# Several values, separated by commas: complete the last one.
			[[ $word != *,* ]] || list=${word%,*},
			;;&
		*)
			mapfile -t COMPREPLY < <(compgen -P "$list" -W "$words" -- "${word#"$list"}")
			return
			;;
		esac
		;;
	-o)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames 2>/dev/null
		return
		;;
	-[ni])
		return
		;;
	-f)
		mapfile -t COMPREPLY < <(compgen -W "$("$command" help "$verb" --values=--format 2>/dev/null)" -- "$word")
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
	snapshot:* | top:* | export:* | attach:* | detach:*)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames 2>/dev/null
		;;
	esac
}

complete -F _fdtrail fdtrail
