"""Rosters as spreadsheets save them, and every unfit row told with its line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t1gen import roster
from t1gen.errors import FileError
from t1gen.files import Student

ADA, BOB = Student(id="ada", name="Ada L."), Student(id="bob", name="Bob")


def put(folder: Path, data: bytes | str) -> Path:
    path = folder / "roster.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        roster.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    "text",
    [
        "id,name\nada,Ada L.\nbob,Bob\n",
        "id,name\nada,Ada L.\nbob,Bob",
        "id,name\r\nada,Ada L.\r\nbob,Bob\r\n",
        "id,name\rada,Ada L.\rbob,Bob\r",
        "\ufeffid,name\nada,Ada L.\nbob,Bob\n",
        "id;name\nada;Ada L.\nbob;Bob\n",
        "id\tname\nada\tAda L.\nbob\tBob\n",
        "NAME, Id \nAda L., ada \n  Bob,bob\n",
        '"id";"name"\n"ada";"Ada L."\n"bob";"Bob"\n',
        '\ufeff"ID","Name"\n"ada","Ada  L."\nbob,Bob\n',
        "group,name,mail,id\n1,Ada L.,a@x.org,ada\n2,Bob,,bob\n",
        "group;name, given first;name;id\n1;x, y;Ada L.;ada\n2;;Bob;bob\n",
        "\n\nid,name\n\nada,Ada L.\n , \n,\nbob,Bob\n\n",
        "id,name,\nada,Ada L.,\nbob,Bob,,,\n",
        'id,name\nada,"Ada\nL."\nbob,Bob\n',
    ],
)
def test_a_roster_is_read_however_it_was_saved(tmp_path: Path, text: str) -> None:
    assert roster.read(put(tmp_path, text)) == [ADA, BOB]


def test_a_quoted_comma_belongs_to_the_name(tmp_path: Path) -> None:
    path = put(tmp_path, 'id,name\nada,"Lovelace, Ada ""A."""\n')
    assert roster.read(path) == [Student(id="ada", name='Lovelace, Ada "A."')]


@pytest.mark.parametrize("text", ["id\nada\n", "id,name\nada\n", "id,name\nada,\n", "id,group\nada,2\n"])
def test_a_missing_name_is_the_id(tmp_path: Path, text: str) -> None:
    assert roster.read(put(tmp_path, text)) == [Student(id="ada", name="ada")]


def test_ids_are_texts_and_keep_their_zeros(tmp_path: Path) -> None:
    assert [one.id for one in roster.read(put(tmp_path, "id,name\n007,James\n7,Seven\n1e3,K\n"))] == [
        "007",
        "7",
        "1e3",
    ]


def test_ids_and_names_are_composed(tmp_path: Path) -> None:
    path = put(tmp_path, "id,name\nzoe\u0308,Zoe\u0308\n")
    assert roster.read(path) == [Student(id="zo\u00eb", name="Zo\u00eb")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no students; expected a header with id and name"),
        ("id,name\n", "has no students"),
        ("nr,name\n1,Ada\n", "line 1: the header has no column 'id', only 'nr', 'name'"),
        (
            "idd,name\n1,Ada\n",
            "line 1: the header has no column 'id', only 'idd', 'name'; did you mean 'idd'?",
        ),
        ("\nada,Ada\nbob,Bob\n", "line 2: the header has no column 'id', only 'ada', 'ada'"),
        ("id,name,ID\n1,Ada,2\n", "line 1: the header has 2 columns 'id'"),
        ("id,name\nada,Ada\n\nADA,Ada\n", "line 4: id 'ADA' is on line 2 already"),
        ("id,name\nzo\u00eb,Z\nzoe\u0308,Z\n", "line 3: id 'zo\u00eb' is on line 2 already"),
        ("id,name\nada,Ada\n ,Bob\n", "line 3: the id is empty"),
        (
            "id,name\nada,Lovelace, Ada\n",
            "line 2: 3 cells, but the header has 2; put a name with a comma into",
        ),
        ('id,name\nada,"Ada\n', "line 2: this is not CSV: unexpected end of data"),
        ('id,name\nada,"Ada" L.\n', "line 2: this is not CSV: ',' expected after '\"'"),
        (
            "id,name\nada,A\x07da\n",
            "line 2: name 'A\\x07da' has the character '\\x07', which cannot be printed",
        ),
        ("id,name\n" + "ada," + "x" * 200_000 + "\n", "line 2: this is not CSV: field larger than"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert refused(put(tmp_path, text)).startswith(message)


@pytest.mark.parametrize("encoding", ["cp1250", "latin-1"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path, "id,name\nada,Ada\njürgen,Jürgen\n".encode(encoding))
    assert refused(path) == "line 3: this is not UTF-8; save the file as UTF-8"


def test_a_spreadsheet_is_not_a_roster(tmp_path: Path) -> None:
    assert "not UTF-8" in refused(put(tmp_path, b"PK\x03\x04\x14\x00\x06\x00\xff\xfe"))
    assert "not UTF-8" in refused(put(tmp_path, "id,name\nada,Ada\n".encode("utf-16")))


def test_a_missing_roster_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == "cannot be read: No such file or directory"
    assert refused(tmp_path) == "is a folder, not a file"


GOOD = [
    "ada",
    "A",
    "0",
    "ada.lovelace@uni.example",
    "x_1-2+b",
    "zoë",
    "李雷",
    "नमस्ते",
    "-x",
    "console",
    "com10",
    "a" * 64,
]
BAD = {
    "a b": "has ' '",
    "a/b": "has '/'",
    "a\\b": r"has '\\'",
    "a:b": "has ':'",
    "a*": "has '*'",
    "a\u200bb": r"has '\u200b'",
    "a\x00b": r"has '\x00'",
    "a²": "has '²'",
    "\udcff": r"has '\udcff'",
    "😀": "has '😀'",
    "..": "starts or ends with a dot",
    ".": "starts or ends with a dot",
    ".ada": "starts or ends with a dot",
    "ada.": "starts or ends with a dot",
    "../ada": "has '/'",
    "CON": "Windows keeps",
    "nul.txt": "Windows keeps",
    "Lpt1": "Windows keeps",
    "a" * 65: "has 65 characters; at most 64 are allowed",
    "": "the id is empty",
    "  ": "the id is empty",
}


@pytest.mark.parametrize("id", GOOD)
def test_ids_that_can_name_a_folder_are_fit(tmp_path: Path, id: str) -> None:
    assert roster.student(id) == Student(id=id, name=id)
    (tmp_path / id).mkdir()


@pytest.mark.parametrize(("id", "why"), list(BAD.items()))
def test_other_ids_are_refused(id: str, why: str) -> None:
    with pytest.raises(FileError) as caught:
        roster.student(id)
    assert str(caught.value).startswith("--student: ") and why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada", ("ada", "ada")),
        ("ada=Ada L.", ("ada", "Ada L.")),
        (" ada = Ada  L. ", ("ada", "Ada L.")),
        ("ada=", ("ada", "ada")),
        ("ada=a=b, c", ("ada", "a=b, c")),
    ],
)
def test_a_student_is_named_on_the_command_line(text: str, expected: tuple[str, str]) -> None:
    assert roster.student(text) == Student(*expected)


@settings(deadline=None)
@given(st.text())
def test_an_id_is_fit_or_refused_and_fit_ones_stay_in_their_folder(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    try:
        id = roster.student(text).id
    except FileError:
        return
    folder = tmp_path_factory.getbasetemp()
    assert (folder / id).resolve().parent == folder.resolve()


@settings(deadline=None)
@given(st.text())
def test_no_text_stops_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    data = ("id,name\n" + text).encode(errors="replace")
    path = put(tmp_path_factory.mktemp("any"), data)
    try:
        students = roster.read(path)
    except FileError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert len({one.id.casefold() for one in students}) == len(students)
