"""What the user left standing is learned; what was cut off, or tells of what the export does not hold, is not."""

import pytest

from datasets_build.reading.transcripts import Preference
from datasets_build.sources.openwebui.exports import parse
from tests.datasets_build.sources.exports import export, lost, message, native, shape, talk, transcript

OLD, NEW = "It listens on 8080.", "It listens on 8443."
BLOCK = f"**list_agents output:**\n```\nnone\n```\n{OLD}"


def output(*texts, status="completed"):
    return [{"type": "message", "status": status, "content": [{"type": "output_text", "text": text}]} for text in texts]


def pairs(record):
    return [item for item in parse(record) if isinstance(item, Preference)]


@pytest.mark.parametrize(
    "more", [{"output": output(OLD)}, {"originalContent": OLD}, {"output": output(OLD), "originalContent": OLD}]
)
def test_a_corrected_reply_is_learned_as_corrected_and_preferred_to_what_stood_there(more):
    record = talk(NEW, **more)
    assert [turn.text for turn in transcript(record).turns] == ["how full are the disks?", NEW]
    (found,) = pairs(record)
    assert (found.chosen.text, found.rejected.text, found.mode) == (NEW, OLD, "chat")
    assert found.metadata["edited"] is True


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (OLD, {"output": output(OLD)}),
        (f"{OLD}\n", {"output": output(OLD), "originalContent": OLD}),
        ("a &lt; b\n\nc", {"output": output("a < b", "c")}),
        ("", {"output": output(OLD)}),
        ('<details type="reasoning" done="true">\n> hm\n</details>\n' + OLD,
         {"output": [{"type": "reasoning", "summary": [{"text": "hm"}]}, *output(OLD)]}),
        (BLOCK, {"output": output(BLOCK)}),
    ],
)  # fmt: skip
def test_a_reply_that_only_looks_different_is_not_corrected(content, more):
    assert pairs(talk(content, **more)) == []
    assert transcript(talk(content, **more)).turns[-1].target is True


def test_a_correction_after_a_call_keeps_the_call():
    items = [
        {"type": "function_call", "call_id": "1", "name": "a", "arguments": '{"x": 1}'},
        {"type": "function_call_output", "call_id": "1", "output": "8443"},
        *output(OLD),
    ]
    for content in (NEW, native("a", {"x": 1}, "8443") + NEW):
        record = talk(content, output=items, originalContent=OLD)
        assert shape(transcript(record).turns)[1:] == [
            ("assistant", ("a", {"x": 1})),
            ("tool", "a"),
            ("assistant", NEW),
        ]
        (found,) = pairs(record)
        assert (shape(found.turns)[1:], found.chosen.text, found.rejected.text) == (
            [("assistant", ("a", {"x": 1})), ("tool", "a")], NEW, OLD,
        )  # fmt: skip
    removed = talk(native("b", {}, "ok") + NEW, output=items)
    assert lost(removed) == ["edited_tools"]


def test_a_reply_that_was_still_being_written_is_no_target():
    for status in ("in_progress", "incomplete"):
        assert transcript(talk("It is `postg", output=output("It is `postg", status=status))).turns[-1].target is False
    for cut in ({"metadata": {"finish_details": {"type": "max_tokens"}}}, {"status": "in_progress"}):
        assert transcript(talk("It is `postg", **cut)).turns[-1].target is False
    whole = talk("It is `postgres`.", output=output("It is `postg", status="in_progress"))
    assert transcript(whole).turns[-1].target is True  # the user wrote the end


FILES = (
    {"files": [{"type": "image", "url": "data:image/png;base64,AAAA"}]},
    {"files": [{"type": "file", "name": "crash.log", "file": {"data": {"content": "OOM"}}}]},
    {"files": [{"type": "collection", "id": "k1"}]},
    {"images": ["AAAA"]},
    {"metadata": {"attachments": [{"name": "a.pdf"}]}},
)


@pytest.mark.parametrize("more", FILES, ids=str)
def test_replies_after_a_file_are_no_targets_and_are_counted(more):
    record = export(
        message("u0", None, "user", "hi"),
        message("a0", "u0", "assistant", "hello"),
        message("u", "a0", "user", "what does it say?", **more),
        message("a", "u", "assistant", "A red light."),
        message("u2", "a", "user", "where?"),
        message("a2", "u2", "assistant", "On the third one."),
    )
    found = transcript(record)
    assert [turn.target for turn in found.turns if turn.role == "assistant"] == [True, False, False]
    assert found.metadata["unseen_sources"] == 2
    assert lost(record) == ["unseen_source"]


def test_pictures_in_the_content_and_files_of_the_chat_count_as_files():
    parts = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    record = export(message("u", None, "user", parts), message("a", "u", "assistant", "A rack."))
    assert transcript(record).turns[-1].target is False
    assert transcript(export(message("u", None, "user", "what?"), message("a", "u", "assistant", "A rack."),
                             files=[{"type": "collection"}])).turns[-1].target is False  # fmt: skip
    pointer = {"content_type": "multimodal_text", "parts": [{"asset_pointer": "file://x"}, "what is it?"]}
    nodes = {
        "u": {"id": "u", "parent": None, "message": {"author": {"role": "user"}, "content": pointer}},
        "a": {"parent": "u", "message": {"author": {"role": "assistant"}, "content": {"parts": ["A rack."]}}},
    }
    assert transcript({"mapping": nodes, "current_node": "a"}).turns[-1].target is False


def test_a_reply_that_cites_sources_is_no_target_unless_they_are_its_own_results():
    sources = {"sources": [{"source": {"name": "wiki"}, "document": ["…"]}]}
    assert transcript(talk("It is 42 [1].", **sources)).turns[-1].target is False
    assert transcript(talk("It is 42.", **sources)).turns[-1].target is False
    assert lost(talk("It is 42 [1].", citations=[{}])) == ["unseen_source"]
    used = native("df", {}, "42%") + "It is 42%."
    assert transcript(talk(used, **sources)).turns[-1].target is True
    assert transcript(talk(used + " [2]", **sources)).turns[-1].target is False
    assert transcript(talk("Take `argv[1]`.", sources=[])).turns[-1].target is True


def test_no_pair_is_made_of_replies_about_a_file():
    seen = message("u", None, "user", "what is it?", files=[{"type": "image"}])
    good, bad = {"annotation": {"rating": 1}}, {"annotation": {"rating": -1}}
    record = export(seen, message("a", "u", "assistant", "A", **good), message("b", "u", "assistant", "B", **bad))
    assert pairs(record) == []
    assert lost(record).count("unseen_source") == 1
    assert pairs(export(seen, message("a", "u", "assistant", NEW, originalContent=OLD))) == []
