# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""make_man.py INFERD INFERCTL FOLDER: man pages and bash completions out of the programs' own --help, so that they agree."""

import pathlib
import re
import subprocess
import sys


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def head(name, section, what, version):
    return f'.TH {name.upper()} {section} "" "inferd {version}"\n.SH NAME\n{name} \\- {escaped(what)}\n'


def verbatim(text):
    return ".nf\n" + escaped(text.strip("\n")) + "\n.fi\n"


def flags_page(text):
    """inferd's: a title at the margin, flags two columns in, what they do eight."""
    page = []
    for line in text.splitlines():
        if line.startswith("        "):
            page.append(escaped(line.strip()))
        elif line.startswith("  --"):
            page.append(".TP\n.B " + escaped(line.strip()))
        elif line:
            page.append(f".SH {line.upper()}")
    return "\n".join(page) + "\n"


def inferd_page(program, version):
    text = help_of(program)
    what, _, rest = text.partition("\n\n")
    usage, flags = re.split(r"\n\n(?=Models\n)", rest, maxsplit=1)
    return (head("inferd", 8, "a model server", version) + ".SH SYNOPSIS\n" + verbatim(usage) + ".SH DESCRIPTION\n" +
            escaped(what) + "\n" + flags_page(flags) + ".SH SEE ALSO\n.BR inferctl (1)\n")


def commands_of(text):
    return re.findall(r"^  ([a-z]+) ", text.split("commands:\n")[1].split("\n\n")[0], flags=re.MULTILINE)


def inferctl_page(program, version):
    text = help_of(program)
    page = head("inferctl", 1, "asks model servers", version) + ".SH SYNOPSIS\n" + verbatim(text)
    for command in commands_of(text):
        page += f".SH {command.upper()}\n" + verbatim(help_of(program, command))
    return page + ".SH SEE ALSO\n.BR inferd (8)\n"


def flags_of(text):
    return " ".join(sorted(set(re.findall(r"(--[a-z][a-z0-9-]*)", text))))


def completion(name, body):
    return (f"# bash completion of {name}\n_{name}() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} words\n{body}"
            "    [[ $word == -* ]] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
            f"}}\ncomplete -o default -F _{name} {name}\n")


def inferctl_completion(program):
    text = help_of(program)
    commands = commands_of(text)
    body = ("    if [ \"$COMP_CWORD\" = 1 ]; then\n"
            f"        mapfile -t COMPREPLY < <(compgen -W \"{' '.join(commands)} --help\" -- \"$word\")\n"
            "        return\n    fi\n    case ${COMP_WORDS[1]} in\n")
    for command in commands:
        body += f"    {command}) words=\"{flags_of(help_of(program, command))}\" ;;\n"
    return completion("inferctl", body + "    esac\n")


def main():
    inferd, inferctl, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    version = subprocess.run([inferd, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inferd.8").write_text(inferd_page(inferd, version))
    (folder / "inferctl.1").write_text(inferctl_page(inferctl, version))
    (folder / "inferd.bash").write_text(completion("inferd", f"    words=\"{flags_of(help_of(inferd))}\"\n"))
    (folder / "inferctl.bash").write_text(inferctl_completion(inferctl))


main()
