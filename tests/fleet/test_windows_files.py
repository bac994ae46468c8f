"""Files of a simulated Windows host: paths, reading, writing, removing, and what that does to the disk."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import File, Machine
from fleet.windows.shell import WindowsShell
from scenarios.trouble import fill_disk
from tests.fleet.answers import met

LOG = r"C:\inetpub\logs\u_ex.log"
LINES = "".join(f"10:{minute:02d} GET /{minute} {500 if minute % 10 == 0 else 200}\n" for minute in range(30))


@pytest.fixture
def machine() -> Machine:
    host = draw_host("web01", Random(8), "windows")
    return Machine(
        replace(host, files={LOG: File(LINES, bulk=2**30, modified=host.now), r"C:\Apps\a.txt": File("one\n")})
    )


def text(machine: Machine, line: str) -> str:
    stdout, stderr, code = WindowsShell(machine).run(line)
    assert (stderr, code) == ("", 0), stderr
    return stdout


# --- paths ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [LOG, LOG.lower(), LOG.replace("\\", "/"), r"C:\inetpub\.\x\..\logs\U_EX.LOG", r"'C:\inetpub\logs\u_ex.log'"],
)
def test_a_path_may_be_spelled_in_many_ways(machine: Machine, path: str):
    assert text(machine, f"Get-Content {path} -TotalCount 1") == "10:00 GET /0 500\n"


def test_relative_paths_start_at_the_current_folder(machine: Machine):
    assert (
        text(machine, r"cd C:\inetpub; cd logs; (Get-Item u_ex.log).FullName; (pwd).Path")
        == f"{LOG}\nC:\\inetpub\\logs\n"
    )


def test_wildcards_fit_any_part_of_a_path(machine: Machine):
    assert text(machine, r"(Get-ChildItem C:\*\logs\*.log).Name") == "u_ex.log\n"
    assert text(machine, r"Resolve-Path C:\App*\*.txt | select -Expand Path") == "C:\\Apps\\a.txt\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"Get-Content C:\nope.txt", r"Get-Content : Cannot find path 'C:\nope.txt' because it does not exist."),
        (r"Remove-Item C:\nope", r"Remove-Item : Cannot find path 'C:\nope' because it does not exist."),
        (r"Get-ChildItem Q:\ ", "Cannot find drive. A drive with the name 'Q' does not exist."),
        (r"Set-Content C:\no\such\x.txt 1", r"Could not find a part of the path 'C:\no\such\x.txt'."),
        (r"Get-Content C:\inetpub", r"Access to the path 'C:\inetpub' is denied."),
        (r"New-Item C:\Apps\a.txt", r"The file 'C:\Apps\a.txt' already exists."),
        (r"Remove-Item C:\Windows -Recurse -Force", r"Access to the path 'C:\Windows' is denied."),
        (r"Remove-Item C:\inetpub", "has children and the Recurse parameter was not specified."),
    ],
)
def test_what_cannot_be_done_to_a_path_is_reported(machine: Machine, line: str, words: str):
    before = machine.host.files
    stdout, stderr, code = WindowsShell(machine).run(line)
    assert (stdout, code) == ("", 1)
    assert words in stderr
    assert machine.host.files == before


# --- reading --------------------------------------------------------------------------------------------------------


def test_content_can_be_cut_at_both_ends(machine: Machine):
    assert text(machine, f"gc {LOG} -Tail 1") == "10:29 GET /29 200\n"
    assert text(machine, f"(Get-Content {LOG} | Select-Object -Last 2).Count") == "2\n"
    assert text(machine, f"(Get-Content {LOG} -Raw).Length") == f"{len(LINES)}\n"
    assert text(machine, f"Get-Content {LOG} | Measure-Object -Line | select -Expand Lines") == "30\n"


def test_select_string_finds_lines_in_files_and_in_text(machine: Machine):
    assert text(machine, f"Select-String -Path {LOG} -Pattern ' 500$'").strip() == "\n".join(
        f"{LOG}:{number}:10:{number - 1:02d} GET /{number - 1} 500" for number in (1, 11, 21)
    )
    assert text(machine, f"(Get-Content {LOG} | sls ' 500').Count") == "3\n"
    assert text(machine, "'a.c', 'abc' | Select-String -SimpleMatch a.c") == "\na.c\n\n"
    assert text(machine, "'Error', 'error' | sls error -CaseSensitive | % Line") == "error\n"
    assert text(machine, f"Select-String ' 500' {LOG} -Quiet") == "True\n"
    assert text(machine, f'findstr /C:"/20 5" {LOG}') == "10:20 GET /20 500\n"
    assert "> " in text(machine, f"Select-String '/10 ' {LOG} -Context 1")


def test_a_listing_shows_mode_time_length_and_name(machine: Machine):
    machine.host = machine.host.with_file(LOG, replace(machine.host.files[LOG], modified=1_772_619_300))
    assert text(machine, r"Get-ChildItem C:\inetpub\logs") == (
        "\n\n"
        "    Directory: C:\\inetpub\\logs\n\n\n"
        "Mode                 LastWriteTime         Length Name\n"
        "----                 -------------         ------ ----\n"
        f"-a----          3/4/2026  10:15 AM     {2**30 + len(LINES)} u_ex.log\n"
        "\n"
    )


def test_listings_go_deep_and_choose_files_or_folders(machine: Machine):
    assert text(machine, r"ls C:\inetpub -Recurse -Name") == "logs\nu_ex.log\n"
    assert text(machine, r"(gci C:\inetpub -Recurse -File).FullName") == f"{LOG}\n"
    assert text(machine, r"(gci C:\inetpub -Directory).Name") == "logs\n"
    assert text(machine, r"(gci C:\ -Recurse -Filter *.log).Name") == "u_ex.log\n"
    assert text(machine, r"(gci C:\inetpub\*.log -Recurse).Name") == "u_ex.log\n"
    assert text(machine, r"(gci C:\ -Recurse -File | Measure-Object Length -Sum).Sum") == f"{2**30 + len(LINES) + 4}\n"


# --- writing --------------------------------------------------------------------------------------------------------


def test_content_is_written_added_and_cleared(machine: Machine):
    path = r"C:\Apps\new.txt"
    text(
        machine,
        f"Set-Content {path} one; Add-Content {path} two, three; 'four' | Out-File {path} -Append; 'five' >> {path}",
    )
    assert machine.host.files[path].content == "one\ntwo\nthree\nfour\nfive\n"
    assert machine.host.files[path].modified == machine.host.now - 1
    text(machine, f"Clear-Content {path}")
    assert machine.host.files[path].content == ""
    text(machine, f"'over' | Set-Content {path}; 'x' | Tee-Object {path} | Out-Null")
    assert machine.host.files[path].content == "x\n"


def test_files_are_copied_moved_renamed_and_made(machine: Machine):
    text(machine, r"mkdir C:\New | Out-Null; Copy-Item C:\Apps\a.txt C:\New; Move-Item C:\New\a.txt C:\New\b.txt")
    text(machine, r"Rename-Item C:\New\b.txt c.txt; New-Item C:\New\d.txt -Value hi -Force | Out-Null")
    assert {path for path in machine.host.files if "New" in path} == {r"C:\New\c.txt", r"C:\New\d.txt"}
    text(machine, r"Copy-Item C:\New C:\Old -Recurse; Remove-Item C:\New -Recurse -Force")
    assert {path for path in machine.host.files if "New" in path or "Old" in path} == {r"C:\Old\c.txt", r"C:\Old\d.txt"}


def test_an_empty_folder_stays_until_it_is_removed(machine: Machine):
    shell = WindowsShell(machine)
    shell.run(r"New-Item -ItemType Directory C:\Empty; Remove-Item C:\Apps\a.txt")
    assert shell.run(r"Test-Path C:\Empty, C:\Apps, C:\Apps\a.txt")[0] == "True\nTrue\nFalse\n"
    shell.run(r"Remove-Item C:\Empty")
    assert shell.run(r"Test-Path C:\Empty -PathType Container")[0] == "False\n"


def test_deleting_a_log_frees_its_space(machine: Machine):
    free = "(Get-PSDrive C).Free"
    before = int(text(machine, free))
    text(machine, r"Remove-Item C:\inetpub\logs\*.log -Force")
    assert int(text(machine, free)) - before == pytest.approx(2**30, abs=2048)
    assert LOG not in machine.host.files


def test_clearing_a_log_frees_what_is_not_stored_of_it(machine: Machine):
    text(machine, f"Clear-Content {LOG}")
    assert machine.host.files[LOG].size == 0


def test_a_full_disk_takes_no_more(machine: Machine):
    machine.host = fill_disk(machine.host, r"C:\full.bin", 100)
    stdout, stderr, code = WindowsShell(machine).run(r"Set-Content C:\Apps\b.txt 'more than nothing' -Force")
    assert (stdout, code) == ("", 1)
    assert "There is not enough space on the disk." in stderr
    assert r"C:\Apps\b.txt" not in machine.host.files


def test_what_if_removes_nothing(machine: Machine):
    before = machine.host.files
    assert f'"Remove File" on target "{LOG}"' in text(machine, f"Remove-Item {LOG} -WhatIf")
    assert machine.host.files == before


def test_following_a_file_for_ever_is_given_up(machine: Machine):
    assert WindowsShell(machine).run(f"Get-Content {LOG} -Tail 1 -Wait") == ("10:29 GET /29 200\n", "", 124)


def test_a_file_written_without_newlines_holds_the_text_alone():
    host = draw_host("web01", Random(3), "windows").with_file("C:/Data/a.txt", File("x\n"))
    line = "'abc', 'd' | Out-File -NoNewline C:\\Data\\o.txt; (gi C:\\Data\\o.txt).Length; gc C:\\Data\\o.txt"
    assert met(host, line) == ("10\nabcd\n", "", [])
