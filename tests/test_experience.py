"""The experience at the terminal: every point that is to be checked mechanically is, by the tests that are named here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

POINTS = {
    1: "every question has a flag and a key; no prompt is required",
    2: "Enter at every question gives a valid, running repository",
    3: "validation is inline, says what is allowed, keeps what was typed",
    4: "what is answered already is not asked again, and stands in the review",
    5: "defaults follow from earlier answers and from the probe, with the evidence",
    6: "Esc goes back one question; answers on an abandoned branch are dropped",
    7: "a review before anything is written: write, change one, or quit",
    8: "Ctrl-C or Ctrl-D: nothing written, draft kept, how to resume, exit 130",
    9: "--resume goes on at the unanswered question and checks the kept answers",
    11: "a folder that is not empty is caught at the first question",
    13: "no terminal or --no-input: never prompt; all that is missing with its flags, exit 2",
    14: "--answers FILE and -, --set; flag over environment over file over user config over default",
    15: "an unknown key or choice is an error with a guess",
    16: "the equivalent command gives a byte-identical tree",
    17: "--yes accepts defaults and never overwrites",
    18: "--json on every command that reports: alone on stdout, with its version",
    19: "--dry-run writes nothing and shows the plan that is carried out",
    20: "the marks, and a last line that counts",
    21: "--diff shows unified diffs; long trees fold, with a count",
    22: "a dirty git tree is named before an update, the undo is told after it",
    23: "a second run says that there is nothing to do and touches nothing",
    24: "stdout for data, stderr for talk; no control codes where they are not wanted",
    25: "no spinner without a terminal; work over a second shows progress",
    26: "paths are never wrapped, cut or eaten by markup",
    28: "at most four next steps, each a command that a test has run",
    29: "error, blank line, hint; each kind its own sentence; file:line; no traceback, no password",
    30: "exit codes",
    31: "--help starts with an example and is quick; --version is quicker",
    32: "completion scripts of bash, zsh and fish",
    33: "the spec is found upward; user config in the XDG place; -v says what was read",
    34: "nothing is sent anywhere",
    35: "secrets are no answers to keep; a password in a URL is written nowhere",
}
"""Those marked M of the page on the experience; the others (10, 12, 27) are compared side by side."""

_INTERVIEW = "tests/app/interview"
HELD: dict[int, tuple[str, ...]] = {
    1: (
        "tests/cli/test_recipes.py::test_a_question_is_one_line_and_a_described_key",
        "tests/cli/test_recipes.py::test_every_question_is_a_flag_with_an_example",
        "tests/cli/test_main.py::test_the_questions_are_all_flags",
        "tests/app/test_answers.py::test_the_environment_answers_every_question",
        "tests/app/test_answers.py::test_every_example_of_a_question_is_an_answer",
        "tests/cli/test_interview.py::test_flags_that_forbid_questions",
    ),
    2: (
        f"{_INTERVIEW}/test_interview.py::test_m2_enter_at_every_question_gives_a_repository_of_the_sample",
        f"{_INTERVIEW}/test_interview.py::test_m2_enter_at_every_question_gives_a_repository_of_files",
        "tests/cli/test_interview.py::test_enter_alone_writes_a_repository_that_the_printed_command_writes_too",
        "tests/cli/test_experience_defaults.py::test_yes_gives_the_answers_of_the_tree_that_runs_whole",
        "tests/cli/test_experience_defaults.py::test_what_enter_gives_runs_whole",
        "tests/test_golden.py::test_tree_runs_whole",
    ),
    3: (
        f"{_INTERVIEW}/test_interview.py::test_m3_what_is_wrong_is_said_where_it_is_typed",
        f"{_INTERVIEW}/test_interview.py::test_m3_a_source_that_cannot_be_read_is_asked_again_with_what_was_typed",
        f"{_INTERVIEW}/test_interview.py::test_m3_a_treatment_that_cannot_be_built_is_refused_where_it_is_chosen",
        "tests/cli/test_interview.py::test_what_is_wrong_is_said_and_what_was_typed_stays",
        "tests/core/test_questions.py::test_what_is_wrong_says_what_is_allowed",
        "tests/ui/test_prompter.py::test_one_of_many_is_refused_and_the_others_stay",
    ),
    4: (
        f"{_INTERVIEW}/test_interview.py::test_m4_what_was_given_is_not_asked_and_stands_in_the_review",
        f"{_INTERVIEW}/test_interview.py::test_m4_tables_that_a_flag_names_are_not_asked",
        f"{_INTERVIEW}/test_interview.py::test_m4_what_the_probe_answered_is_not_asked",
        f"{_INTERVIEW}/test_interview.py::test_m4_a_source_that_is_assigned_is_not_asked_for",
        f"{_INTERVIEW}/test_drafts.py::test_m9_answers_of_a_file_are_read_again",
    ),
    5: (
        f"{_INTERVIEW}/test_interview.py::test_m5_defaults_follow_from_the_probe_with_the_evidence_beside",
        f"{_INTERVIEW}/test_interview.py::test_m5_lateness_is_what_was_measured",
        f"{_INTERVIEW}/test_interview.py::test_m5_the_largest_of_many_tables_are_chosen",
        f"{_INTERVIEW}/test_back.py::test_m6_other_tables_drop_the_marts_that_were_chosen",
    ),
    6: (
        f"{_INTERVIEW}/test_back.py::test_m6_back_from_each_question_has_the_earlier_answer_as_the_default",
        f"{_INTERVIEW}/test_back.py::test_m6_another_source_drops_what_was_said_of_the_first",
        f"{_INTERVIEW}/test_back.py::test_m6_other_tables_drop_the_marts_that_were_chosen",
        "tests/cli/test_interview.py::test_esc_goes_back_and_arrows_are_arrows",
        "tests/cli/test_interview.py::test_an_arrow_that_comes_slowly_is_no_esc",
    ),
    7: (
        f"{_INTERVIEW}/test_review.py::test_m7_the_review_has_the_answers_the_design_and_the_files_before_anything_is_written",
        f"{_INTERVIEW}/test_review.py::test_m7_one_answer_is_changed_and_only_what_rests_on_it_is_asked",
        f"{_INTERVIEW}/test_review.py::test_m7_back_out_of_a_change_leaves_everything_as_it_was",
        "tests/ui/test_interview_views.py::test_the_review_has_answers_design_and_files",
        "tests/cli/test_interview.py::test_leaving_by_choice_is_the_same",
    ),
    8: (
        f"{_INTERVIEW}/test_drafts.py::test_m8_m9_left_at_each_question_it_goes_on_there",
        f"{_INTERVIEW}/test_drafts.py::test_m8_ctrl_c_while_a_source_is_looked_at_keeps_the_draft",
        f"{_INTERVIEW}/test_drafts.py::test_m8_the_command_that_goes_on_can_be_pasted",
        "tests/cli/test_interview.py::test_leaving_keeps_the_answers_and_says_how_to_go_on",
        "tests/cli/test_interview.py::test_ctrl_c_while_a_source_is_looked_at_keeps_the_answers",
        "tests/cli/test_interview.py::test_a_dumb_terminal_can_be_left",
    ),
    9: (
        f"{_INTERVIEW}/test_drafts.py::test_m8_m9_left_at_each_question_it_goes_on_there",
        f"{_INTERVIEW}/test_drafts.py::test_m9_an_answer_that_does_not_hold_any_more_is_asked_anew",
        f"{_INTERVIEW}/test_drafts.py::test_m9_a_source_that_is_gone_is_asked_anew",
        "tests/cli/test_interview.py::test_an_interview_that_was_left_is_ended",
    ),
    11: (
        f"{_INTERVIEW}/test_interview.py::test_m11_a_folder_that_is_taken_is_found_at_the_first_question",
        f"{_INTERVIEW}/test_interview.py::test_m11_a_folder_that_is_taken_is_refused_before_anything_is_asked",
    ),
    13: (
        f"{_INTERVIEW}/test_interview.py::test_m13_nobody_is_asked_where_nobody_sits_or_it_was_said",
        "tests/app/test_answers.py::test_all_that_is_missing_is_listed",
        "tests/cli/test_new.py::test_everything_that_is_missing_is_listed_with_its_flag",
        "tests/cli/test_new.py::test_tables_that_nobody_named_and_nothing_can_find_are_asked_for",
        "tests/cli/test_interview.py::test_nobody_is_asked_who_is_not_there",
        "tests/cli/test_interview.py::test_flags_that_forbid_questions",
        "tests/cli/test_experience_defaults.py::test_with_one_stream_elsewhere_nobody_is_asked_and_all_is_listed",
    ),
    14: (
        "tests/cli/test_new.py::test_every_layer_gives_way_to_the_one_above",
        "tests/cli/test_new.py::test_answers_come_from_stdin",
        "tests/app/test_answers.py::test_each_layer_gives_way_and_each_place_is_known",
    ),
    15: (
        "tests/cli/test_new.py::test_every_wrong_flag_is_named_at_once",
        "tests/cli/test_plan.py::test_wrong_answers_end_with_2",
        "tests/cli/test_main.py::test_a_wrong_command_line",
        "tests/cli/test_update.py::test_wrong_usage",
    ),
    16: (
        "tests/cli/test_new.py::test_the_equivalent_command_gives_the_same_tree",
        "tests/test_same_bytes.py::test_the_equivalent_command_gives_the_same_tree",
        f"{_INTERVIEW}/test_review.py::test_m16_the_equivalent_command_writes_the_very_same_bytes",
    ),
    17: (
        "tests/cli/test_new.py::test_yes_takes_every_default",
        "tests/cli/test_new.py::test_yes_never_overwrites",
        "tests/app/test_answers.py::test_yes_takes_the_sample_and_the_name_of_the_source",
    ),
    18: (
        "tests/cli/test_experience_commands.py::test_every_command_reports_in_json_or_has_a_document_of_its_own",
        "tests/cli/test_experience_commands.py::test_json_is_alone_on_stdout_with_its_version",
    ),
    19: (
        "tests/cli/test_new.py::test_what_shows_the_plan_writes_nothing",
        "tests/cli/test_new.py::test_json_is_one_document_and_the_plan_that_is_applied",
        "tests/cli/test_experience_commands.py::test_what_is_carried_out_is_what_was_shown",
        "tests/cli/test_edit.py::test_what_is_only_shown_is_not_written",
    ),
    20: (
        "tests/core/test_plan.py::test_the_last_line_counts",
        "tests/core/test_plan.py::test_every_action_has_a_mark",
        "tests/ui/test_views.py::test_a_short_plan_is_every_path",
    ),
    21: (
        "tests/ui/test_views.py::test_a_diff_shows_every_line_and_names_what_is_binary",
        "tests/ui/test_views.py::test_a_long_plan_folds_with_a_count",
        "tests/cli/test_update.py::test_dry_run_and_diff_write_nothing",
    ),
    22: (
        "tests/cli/test_experience_undo.py::test_of_a_clean_tree_nothing_is_named_and_the_undo_gives_the_very_tree",
        "tests/cli/test_experience_undo.py::test_a_dirty_tree_is_named_first_and_the_undo_leaves_what_was_dirty",
        "tests/cli/test_experience_undo.py::test_what_git_had_not_it_cannot_take_back",
        "tests/cli/test_update.py::test_abort_takes_back_what_the_update_wrote",
    ),
    23: (
        "tests/cli/test_experience_commands.py::test_a_second_run_says_that_there_is_nothing_to_do_and_touches_nothing",
        "tests/cli/test_update.py::test_nothing_to_do_touches_nothing",
    ),
    24: (
        "tests/cli/test_main.py::test_colours_on_a_terminal_and_none_where_they_are_not_wanted",
        "tests/cli/test_interview.py::test_without_colour_no_letter_is_painted",
        "tests/cli/test_interview.py::test_a_dumb_terminal_is_asked_line_by_line",
        "tests/cli/test_new.py::test_new_writes_a_repository_and_says_what_to_do_next",
        "tests/ui/test_terminal.py::test_lines_come_out_as_they_are",
        "tests/ui/test_terminal.py::test_nothing_that_is_printed_steers_the_terminal",
    ),
    25: (
        "tests/ui/test_terminal.py::test_notes_are_for_verbose_and_progress_for_a_terminal",
        "tests/ui/test_terminal.py::test_where_nothing_may_move_progress_is_no_line_a_table",
        "tests/cli/test_inspect.py::test_progress_is_for_a_terminal_alone",
        "tests/cli/test_inspect.py::test_ctrl_c_ends_it_at_once",
        "tests/cli/test_experience_commands.py::test_work_that_takes_its_time_is_told_while_it_is_done",
    ),
    26: (
        "tests/ui/test_experience_paths.py::test_a_path_is_whole",
        "tests/ui/test_experience_paths.py::test_a_tree_has_its_names_whole",
        "tests/cli/test_main.py::test_long_paths_are_never_wrapped_and_brackets_print_whole",
        "tests/ui/test_wrapped.py::test_a_command_and_a_path_are_never_broken",
    ),
    28: (
        "tests/cli/test_experience_commands.py::test_the_next_steps_are_four_at_most_and_each_is_run_by_a_test",
        "tests/cli/test_experience_commands.py::test_the_next_steps_of_a_template_run",
        "tests/test_golden.py::test_tree_runs_whole",
        "tests/cli/test_recipes.py::test_a_blueprint_of_ones_own",
    ),
    29: (
        "tests/cli/test_experience_errors.py::test_it_is_a_sentence_with_a_hint_and_without_the_password",
        "tests/cli/test_experience_errors.py::test_no_two_kinds_say_the_same",
        "tests/cli/test_experience_errors.py::test_a_wrong_password_of_a_server_is_its_own_sentence",
        "tests/ui/test_terminal.py::test_errors_have_one_form",
        "tests/cli/test_main.py::test_an_expected_error_is_exit_1_with_no_traceback_but_with_debug",
        "tests/cli/test_main.py::test_a_disk_that_is_full_is_no_bug",
        "tests/store/test_yaml_file.py::test_what_is_wrong_is_said_with_its_line",
        "tests/probe/test_mysql_refused.py::test_wrong_and_missing_passwords",
        "tests/probe/test_rest_refusals.py::test_a_wrong_token",
        "tests/probe/test_kafka.py::test_the_client_library_is_not_there",
        "tests/probe/test_remote_files.py::test_a_driver_that_is_not_installed",
    ),
    30: (
        "tests/ui/test_terminal.py::test_errors_have_one_form",
        "tests/cli/test_main.py::test_a_wrong_command_line",
        "tests/cli/test_main.py::test_a_bug_writes_a_report_without_values",
        "tests/cli/test_main.py::test_status_differs_with_exit_4",
        "tests/cli/test_main.py::test_ctrl_c_is_exit_130_with_a_word",
        "tests/cli/test_update.py::test_a_conflict_from_beginning_to_end",
    ),
    31: (
        "tests/cli/test_experience_commands.py::test_help_of_every_command_starts_with_an_example",
        "tests/cli/test_main.py::test_help_starts_with_an_example_that_parses",
        "tests/cli/test_experience_imports.py::test_help_imports_what_a_hello_world_of_typer_does_and_its_own_command_line",
        "tests/cli/test_experience_imports.py::test_the_version_imports_next_to_nothing",
        "tests/cli/test_main.py::test_help_imports_nothing_heavy",
    ),
    32: (
        "tests/cli/test_completion.py::test_the_script_is_taken_by_its_shell",
        "tests/cli/test_completion.py::test_bash_really_completes",
    ),
    33: (
        "tests/store/test_workspace.py::test_the_root_is_found_upward",
        "tests/store/test_user_config.py::test_the_config_lives_in_the_xdg_place",
        "tests/store/test_user_config.py::test_without_xdg_it_lives_at_home",
        "tests/cli/test_experience_commands.py::test_v_says_what_was_read",
    ),
    34: (
        "tests/cli/test_experience_network.py::test_a_whole_run_over_the_sample_asks_for_no_host_and_no_connection",
        "tests/cli/test_experience_network.py::test_the_guard_would_tell",
        "tests/cli/test_experience_network.py::test_the_engine_that_has_its_own_sockets_may_not_fetch_extensions",
        "tests/probe/test_rest_refusals.py::test_a_token_is_sent_to_no_other_host",
    ),
    35: (
        "tests/cli/test_interview.py::test_a_password_is_on_no_screen_and_in_no_file",
        "tests/cli/test_postgres.py::test_a_database_becomes_a_repository_and_its_password_stays_out_of_it",
        "tests/cli/test_postgres.py::test_a_password_is_printed_nowhere",
        "tests/cli/test_new.py::test_a_password_is_printed_nowhere",
        f"{_INTERVIEW}/test_secrets.py::test_m35_of_a_probe_that_fails",
        f"{_INTERVIEW}/test_secrets.py::test_m35_of_a_probe_that_works",
        f"{_INTERVIEW}/test_secrets.py::test_m35_an_assignment_with_a_password_is_not_kept",
        "tests/ui/test_prompter.py::test_a_password_never_reaches_the_screen",
    ),
}


@cache
def named_in(path: str) -> frozenset[str]:
    """The tests in a file, with the class that they are in."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {f"{prefix}{one.name}" for one in inner if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def test_every_point_is_held() -> None:
    assert list(HELD) == list(POINTS)
    assert sorted(POINTS) == [n for n in range(1, 36) if n not in (10, 12, 27)]
    assert all(HELD.values())


@pytest.mark.parametrize("point", HELD, ids=lambda point: f"{point}: {POINTS[point]}")
def test_what_holds_it_is_there(point: int) -> None:
    for test in HELD[point]:
        path, _, name = test.partition("::")
        assert name in named_in(path), f"{test} is gone: what holds point {point} now?"
