"""chalknet studies, as far as nothing is trained."""

from __future__ import annotations


def test_the_list_names_every_part(chalknet):
    result = chalknet("studies", "list")
    assert result.status == 0
    assert result.out.count("Q3") == 2
    assert "nyu-f23" in result.out


def test_a_folder_that_cannot_be_made(chalknet, tmp_path):
    (tmp_path / "taken").write_text("")
    result = chalknet("studies", "run", "ucr", "--output", "taken/pages")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("chalknet: --output taken/pages: the folder cannot be made (")
    assert result.err.count("\n") == 1


def test_unknown_names(chalknet):
    assert "unknown action 'walk'" in chalknet("studies", "walk").err
    assert chalknet("studies", "run", "nosuch").status == 2
