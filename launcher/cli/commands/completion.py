"""`launch completion SHELL`: the script with which a shell completes commands, flags, profiles and keys."""

from __future__ import annotations

import click

from launcher.cli.complete import SHELLS, VARIABLE
from launcher.cli.options import SettingsCommand, output_options
from launcher.cli.usage import place
from launcher.errors import ExitCode, Problem, UsageError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.cli.invocation import Invocation

_BASH = """\
# Completion of launch for bash. To load it at every start:
#   mkdir -p ~/.local/share/bash-completion/completions
#   launch completion bash > ~/.local/share/bash-completion/completions/launch
_launch_completion() {
    local kind word note
    COMPREPLY=()
    while IFS=$'\\t' read -r kind word note; do
        case $kind in
            plain*) COMPREPLY+=("${word}") ;;
            file) compopt -o default -o bashdefault ;;
            command) COMPREPLY+=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)) ;;
        esac
    done < <(VARIABLE=bash launch "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o nosort -F _launch_completion launch
"""

_ZSH = """\
#compdef launch
# Completion of launch for zsh. To load it at every start, in a folder of $fpath:
#   mkdir -p ~/.zfunc
#   launch completion zsh > ~/.zfunc/_launch
_launch() {
    local line name
    local -a parts described unfinished
    for line in "${(@f)$(VARIABLE=zsh launch "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        parts=("${(@s:\t:)line}")
        case $parts[1] in
            plain)
                name=${parts[2]//:/\\\\:}${parts[3]:+:${parts[3]}}
                if [[ $parts[2] == *= ]]; then unfinished+=("$name"); else described+=("$name"); fi
                ;;
            file) _files ;;
            command) _command_names -e ;;
        esac
    done
    (( ${#described} )) && _describe -V 'launch' described
    (( ${#unfinished} )) && _describe -V 'launch' unfinished -S ''
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _launch "$@"
else
    compdef _launch launch
fi
"""

_FISH = """\
# Completion of launch for fish. To load it at every start:
#   launch completion fish > ~/.config/fish/completions/launch.fish
function __launch_completion
    set -l done (commandline -opc)[2..-1]
    set -l word (commandline -ct)
    for line in (VARIABLE=fish launch $done "$word" 2>/dev/null)
        set -l parts (string split \\t -- $line)
        switch $parts[1]
            case plain
                printf '%s\\t%s\\n' $parts[2] "$parts[3]"
            case file
                __fish_complete_path "$word"
            case command
                __fish_complete_command
        end
    end
end
complete -c launch -f -a '(__launch_completion)'
"""

_POWERSHELL = """\
# Completion of launch for PowerShell. To load it at every start, add the output to your profile:
#   launch completion powershell >> $PROFILE
Register-ArgumentCompleter -Native -CommandName launch -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    $env:VARIABLE = 'powershell'
    try { $lines = & launch @words "$wordToComplete" 2>$null } finally { Remove-Item Env:VARIABLE }
    foreach ($line in $lines) {
        $kind, $word, $note = $line -split "`t", 3
        if ($kind -eq 'plain') {
            if (-not $note) { $note = $word }
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $note)
        }
    }
}
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


@click.pass_context
def _run(ctx: click.Context, /, shell: str | None) -> int:
    invocation: Invocation = ctx.obj
    invocation.out().write(script(shell, invocation.argv))
    return ExitCode.STOPPED


command = SettingsCommand(
    "completion",
    callback=_run,
    params=[click.Argument(["shell"], required=False, metavar="SHELL"), *output_options(machine=False)],
    add_help_option=False,
    help="""Print the completion script for a shell.

    SHELL is bash, zsh, fish or powershell. The script completes commands, flags, profiles and keys. Its first lines say
    where to put it. To try it in bash:

        source <(launch completion bash)
    """,
)


def script(shell: str | None, argv: tuple[str, ...]) -> str:
    """Return the script for a shell; raise `UsageError` for none, and for one that is not known."""
    if not shell:
        hint = f"one of: {', '.join(SHELLS)}"
        raise UsageError(Problem("missing-argument", "the name of the shell is missing", place(argv, ""), hint))
    name = {"pwsh": "powershell"}.get(shell, shell)
    if name not in SCRIPTS:
        match = nearest(name, SHELLS)
        hint = (f"did you mean `{match}`? " if match else "") + f"one of: {', '.join(SHELLS)}"
        raise UsageError(Problem("bad-choice", f"there is no completion for `{shell}`", place(argv, shell), hint))
    return SCRIPTS[name].replace("VARIABLE", VARIABLE)
