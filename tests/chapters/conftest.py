"""Gives the tests that all chapters share the answers of each chapter's learners."""


def pytest_generate_tests(metafunc):
    learners = getattr(metafunc.cls, "learners", None)
    if learners is None:
        return
    if "right_one" in metafunc.fixturenames:
        metafunc.parametrize(("exercise", "right_one"), learners.right_ones)
    elif "wrong_one" in metafunc.fixturenames:
        metafunc.parametrize(("exercise", "mistakes", "wrong_one"), learners.wrong_ones)
    elif "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", learners.exercises)
