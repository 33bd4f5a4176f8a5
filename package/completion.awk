# Writes the completion of `program` for `shell` (bash, zsh, fish) from what its --help prints: lines of options
#     -c, --max-concurrent N   what it does
# and of settings ("  pool.workers (default: 256)"), which go behind an option whose value is SECTION.KEY=VALUE. FILE is
# a file and DIR a folder; words with commas between them at the end of a help are the items of a list, those with bars
# between them at its beginning a choice.
# Exits with 1 when there is no option in it.

/^  (-[A-Za-z], |    )?--[a-z]/ {
    line = $0
    n++
    if (match(line, /^  -[A-Za-z]/))
        short[n] = substr(line, 4, 1)
    sub(/^.*--/, "", line)
    match(line, /^[a-z-]+/)
    long[n] = substr(line, 1, RLENGTH)
    line = substr(line, RLENGTH + 1)
    if (match(line, /^ [A-Z.=]+ /))
        value[n] = substr(line, 2, RLENGTH - 2)
    sub(/^ [A-Z.=]+ /, "", line)
    sub(/^ +/, "", line)
    help[n] = line
    if (match(line, /^[A-Za-z0-9.]+([|][A-Za-z0-9.]+)+/)) {
        choices[n] = substr(line, 1, RLENGTH)
        gsub(/[|]/, " ", choices[n])
    }
    if (match(line, /[a-z0-9]+(,[a-z0-9]+)+$/)) {
        items[n] = substr(line, RSTART)
        gsub(/,/, " ", items[n])
    }
    repeats[n] = line ~ /may be repeated/
}
/^  [a-z]+\.[a-z_]+ \(default: / { settings = settings (settings ? " " : "") $1 }

# In single quotes, for any of the shells.
function quoted(text) {
    gsub(/'/, "'\\''", text)
    return "'" text "'"
}
function takes_setting(i) { return value[i] == "SECTION.KEY=VALUE" }

function bash(    i) {
    printf "# bash completion of %s\n_%s() {\n", program, program
    print "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} prefix="
    print "    [ \"$word\" != = ] || word="
    print "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    COMPREPLY=()"
    print "    case $before in"
    for (i = 1; i <= n; i++) {
        if (!value[i])
            continue
        printf "    --%s%s)\n", long[i], (short[i] ? " | -" short[i] : "")
        if (value[i] == "FILE")
            print "        compopt -o filenames\n        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"
        else if (value[i] == "DIR")
            print "        compopt -o filenames\n        mapfile -t COMPREPLY < <(compgen -d -- \"$word\")"
        else if (choices[i])
            printf "        mapfile -t COMPREPLY < <(compgen -W %s -- \"$word\")\n", quoted(choices[i])
        else if (takes_setting(i))
            printf "        compopt -o nospace\n        mapfile -t COMPREPLY < <(compgen -S = -W %s -- \"$word\")\n", quoted(settings)
        else if (items[i]) {
            print "        compopt -o nospace\n        [ \"$word\" = \"${word%,*}\" ] || prefix=${word%,*},"
            printf "        mapfile -t COMPREPLY < <(compgen -P \"$prefix\" -W %s -- \"${word##*,}\")\n", quoted(items[i])
        }
        print "        return ;;"
    }
    print "    esac"
    printf "    [[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W '"
    for (i = 1; i <= n; i++)
        printf "%s--%s", (i > 1 ? " " : ""), long[i]
    printf "' -- \"$word\")\n}\ncomplete -F _%s %s\n", program, program
}

# In zsh's description of an option these characters mean something.
function described(text) {
    gsub(/[\[\]\\:]/, "\\\\&", text)
    return text
}
function zsh(    i, action, often) {
    printf "#compdef %s\n_arguments -s", program
    for (i = 1; i <= n; i++) {
        action = ""
        often = repeats[i] ? "*" : short[i] ? "(-" short[i] " --" long[i] ")" : ""
        if (value[i] == "FILE")
            action = ":file:_files"
        else if (value[i] == "DIR")
            action = ":folder:_files -/"
        else if (choices[i])
            action = ":" tolower(value[i]) ":(" choices[i] ")"
        else if (takes_setting(i))
            action = ":setting:compadd -S= -- " settings
        else if (items[i])
            action = ":list:_values -s , item " items[i]
        else if (value[i])
            action = ":" tolower(value[i]) ": "
        if (short[i])
            printf " \\\n    %s", quoted(often "-" short[i] "[" described(help[i]) "]" action)
        printf " \\\n    %s", quoted(often "--" long[i] \
            (value[i] ? "=" : "") "[" described(help[i]) "]" action)
    }
    print ""
}

function fish(    i, with_equals) {
    with_equals = settings
    gsub(/ /, "= ", with_equals)
    for (i = 1; i <= n; i++) {
        printf "complete -c %s -%s -l %s", program, (value[i] == "FILE" ? "F" : "f"), long[i]
        if (short[i])
            printf " -s %s", short[i]
        if (value[i])
            printf " -r"
        if (takes_setting(i))
            printf " -a '%s='", with_equals
        else if (choices[i])
            printf " -a %s", quoted(choices[i])
        else if (value[i] == "DIR")
            printf " -a \"(__fish_complete_directories)\""
        else if (items[i])
            printf " -a \"(__fish_append , %s)\"", items[i]
        printf " -d %s\n", quoted(help[i])
    }
}

END {
    if (n == 0)
        exit 1
    if (shell == "bash")
        bash()
    else if (shell == "zsh")
        zsh()
    else
        fish()
}
