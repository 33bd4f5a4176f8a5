#!/bin/bash
# Asks bash, zsh and fish what they would complete. Builds with ./dev build, or takes the build directory in FETCHPOOL_BUILD.
# shellcheck disable=SC2016 # the other shells' variables
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
need_programs zsh fish
build=${FETCHPOOL_BUILD:-$top/build}
[ -n "${FETCHPOOL_BUILD:-}" ] || "$top/dev" build || give_up "build"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
touch "$scratch/some.conf"
mkdir "$scratch/folder"
cd "$scratch" || exit 1
line() { sort | tr '\n' ' '; }

# WORD...: bash's answers to a Tab behind the last word, cut into words as readline does it.
in_bash() {
    bash --norc -c 'compopt() { :; } # there is no line being edited
        . "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "_$1"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$build/package/bash/$1" "$@" | sed '/^$/d' | line
}
# LINE: zsh's. It completes in a terminal only, so it gets one, and its compadd notes what matches.
cat >"$scratch/inner.zsh" <<'END'
PROMPT=
fpath=($FUNCTIONS $fpath)
autoload -Uz compinit && compinit -u -C -d $DUMP
compadd() {
    if [[ " $* " != *" -"[OAD]" "* ]]; then
        local -a matching suffix
        builtin compadd -A matching "$@"
        zparseopts -E -a ignored S:=suffix 2>/dev/null
        print -rl -- $IPREFIX$^matching${suffix[2]#-S} >>$ANSWERS
    fi
    builtin compadd "$@"
}
done-completing() { print -r -- . >>$ANSWERS.done }
zle -N done-completing
bindkey '^I' complete-word '^T' done-completing
END
cat >"$scratch/outer.zsh" <<'END'
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "source $INNER"
zpty -w -n inner "$1"$'\t\x14'
while [[ ! -e $ANSWERS.done ]]; do sleep .05; done
END
in_zsh() {
    : >"$scratch/answers"
    rm -f "$scratch/answers.done"
    FUNCTIONS=$build/package/zsh DUMP=$scratch/dump ANSWERS=$scratch/answers INNER=$scratch/inner.zsh \
        timeout 60 zsh -f "$scratch/outer.zsh" "$1" </dev/null >/dev/null
    sed '/^$/d' "$scratch/answers" | sort -u | line
}
# LINE: fish's, without their descriptions.
in_fish() {
    HOME=$scratch fish --no-config -c 'source $argv[1]/fetchpoold.fish; source $argv[1]/fetchpool.fish; complete -C $argv[2]' \
        "$build/package/fish" "$1" | cut -f 1 | line
}

is "bash: options" "$(in_bash fetchpoold --c)" "--check --config "
is "bash: a file" "$(in_bash fetchpoold --config so)" "some.conf "
is "bash: behind an equals sign" "$(in_bash fetchpoold --config = so)" "some.conf "
is "bash: settings" "$(in_bash fetchpoold --set pool.w)" "pool.workers= "
is "bash: of all sections" "$(in_bash fetchpoold --set '' | tr ' ' '\n' | sed 's/\..*//' | sort -u | line)" \
    "$("$build/fetchpoold" --dump | sed -n 's/^\[\(.*\)\]$/\1/p' | line)"
is "bash: the first of a list" "$(in_bash fetchpool --include he)" "headers "
is "bash: another of it" "$(in_bash fetchpool --include headers,bo)" "headers,body "
is "bash: a choice" "$(in_bash fetchpool -o n)" "ndjson "
is "bash: a folder" "$(in_bash fetchpool --save fo)" "folder "
is "bash: nothing for a number" "$(in_bash fetchpool -c '')" ""
is "fish: options" "$(in_fish 'fetchpoold --c')" "--check --config "
is "fish: a file" "$(in_fish 'fetchpoold --config so')" "some.conf "
is "fish: settings" "$(in_fish 'fetchpoold --set pool.w')" "pool.workers= "
is "fish: the first of a list" "$(in_fish 'fetchpool --include he')" "headers "
is "fish: another of it" "$(in_fish 'fetchpool --include headers,bo')" "headers,body "
is "fish: a choice" "$(in_fish 'fetchpool -o n')" "ndjson "
is "fish: a folder" "$(in_fish 'fetchpool --save fo')" "folder/ "
is "zsh: a choice" "$(in_zsh 'fetchpool -o n')" "ndjson "
is "zsh: a folder" "$(in_zsh 'fetchpool --save fo')" "folder " # it adds the slash when it puts it into the line
is "zsh: options" "$(in_zsh 'fetchpoold --c')" "--check --config "
is "zsh: a file" "$(in_zsh 'fetchpoold --config so')" "some.conf "
is "zsh: settings" "$(in_zsh 'fetchpoold --set pool.w')" "pool.workers= "
is "zsh: the first of a list" "$(in_zsh 'fetchpool --include he')" "headers "
is "zsh: another of it" "$(in_zsh 'fetchpool --include headers,bo')" "headers,body "
finish
