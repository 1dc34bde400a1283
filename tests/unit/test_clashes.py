"""Sentences that contradict each other, and those that only look as if they did."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.extractive import Clash, clash, topic
from blackboard.tools.extractive.amounts import FIGURES, NUMBER, amount

CLASHES = [
    ("Apollo 11 landed on the Moon on 20 July 1969.", "On July 21, 1969, Apollo 11 landed on the Moon."),
    ("Apollo 11 landed on the Moon on 20 July 1969.", "Apollo 11 landed on the Moon in 1970."),
    ("The bridge was opened in 1921.", "The bridge was officially opened in 1922."),
    ("The treaty was signed on 1989-11-09.", "The treaty was signed on 10 November 1989."),
    ("The library was founded in March 1890.", "The library was established in April 1890."),
    ("The harbour festival begins on 4 June.", "The harbour festival starts on 5 June."),
    ("Construction of the tower began in 1887.", "Construction of the tower started in 1889."),
    ("The council of the town meets at 18:00.", "The council of the town meets at 7 pm."),
    ("The read timeout is 5 seconds.", "The read timeout is 10 seconds."),
    ("The read timeout is 60 seconds.", "The read timeout is two minutes."),
    ("The default read timeout is 30 s.", "The read timeout is 60 s by default."),
    ("A lease lasts 30 seconds.", "A lease lasts one minute."),
    ("A lease expires after 30 seconds.", "A lease expires after 45 seconds."),
    ("Heartbeats are sent every 5 seconds.", "Heartbeats are sent every ten seconds."),
    ("A backup takes about 10 minutes.", "A backup takes about one hour."),
    ("Passwords must have at least 8 characters.", "Passwords must have at least 12 characters."),
    ("At most 5 workers share a board.", "At most 7 workers share a board."),
    ("Up to five workers can share a board.", "No more than seven workers can share a board."),
    ("A group holds at least 10 members.", "A group holds at most 8 members."),
    ("The kitchen seats 40 guests.", "The kitchen seats forty-five guests."),
    ("The cache of the parser holds 512 MB.", "The cache of the parser holds 1 GB."),
    ("An upload may not exceed the quota of 10 MiB.", "An upload must not exceed the quota of 20 MiB."),
    ("The archive of letters holds 1,200 letters.", "The archive of letters contains 1300 letters."),
    ("The survey reached 45 % of the households.", "The survey reached 54 percent of the households."),
    ("About 20 percent of the votes were invalid.", "About 40 percent of the votes were invalid."),
    ("A ticket to the museum costs $5.", "A ticket to the museum costs 7 dollars."),
    ("A ticket to the museum costs €5.", "A ticket to the museum costs 6 euros."),
    ("Redis listens on port 6379.", "Redis listens on port 6380."),
    ("`CONN_MAX_AGE` defaults to `0`.", "`CONN_MAX_AGE` defaults to 60."),
    ("The retry count of the `fetch` command is 3.", "The retry count of the `fetch` command is 5."),
    ("The parser needs Python 3.8.", "The parser requires Python 3.10 or newer."),
    ("The current version is 3.11 of the wiki engine.", "The current version is 3.12 of the wiki engine."),
    ("The island has a population of two million.", "The island has a population of 3.5 million."),
    ("The river is 640 km long.", "The river is 700 kilometres long."),
    ("The summit lies 2,962 metres above the sea.", "The summit lies 2,968 metres above the sea."),
    ("The recipe needs 200 g of flour.", "The recipe needs 0.3 kg of flour."),
    ("The board has a dozen agents.", "The board has fifteen agents."),
    ("A quorum of five servers survives two failures.", "A quorum of five servers survives three failures."),
    ("The war lasted from 1939 to 1945.", "The war lasted from 1939 to 1946."),
    ("The repair of the roof takes 3 to 5 days.", "The repair of the roof takes 7 to 9 days."),
    ("The shop closes at 10 pm on Fridays.", "The shop closes at 9 pm on Fridays."),
    ("The deadline for applications is 1 March 2025.", "The deadline for applications is March 15, 2025."),
    ("Marie Curie was born on 7 November 1867.", "Marie Curie was born in Warsaw on 8 November 1867."),
    ("The first lecture hall was built in 1902.", "The first lecture hall was built in 1920."),
    ("Gray and Cheriton described the lease in 1989.", "Gray and Cheriton described the lease in 1988."),
    ("The bridge was opened to traffic on 3 May 1921.", "The bridge was opened to traffic on 4 May 1921."),
]
NONE = [
    ("The read timeout is 5 seconds.", "The write timeout is 10 seconds."),
    ("The read timeout is 60 seconds.", "The read timeout is one minute."),
    ("The read timeout is 5 seconds.", "The read timeout is 5 s."),
    ("The archive holds 1,000 letters of the poet.", "The archive holds a thousand letters of the poet."),
    ("The archive holds 1000 letters of the poet.", "The archive holds 1,000 letters of the poet."),
    ("The survey reached 5 % of the households.", "The survey reached 5 percent of the households."),
    ("Apollo 11 landed on the Moon on 20 July 1969.", "Apollo 11 landed on the Moon on July 20, 1969."),
    ("Apollo 11 landed on the Moon on 1969-07-20.", "On 20 July 1969 Apollo 11 landed on the Moon."),
    ("Apollo 11 landed on the Moon on 20 July 1969.", "Apollo 11 landed on the Moon in 1969."),
    ("Apollo 11 landed on the Moon in July 1969.", "Apollo 11 landed on the Moon on 20 July."),
    ("Apollo 11 landed on the Moon on 20 July 1969.", "Apollo 12 landed on the Moon on 19 November 1969."),
    ("The cache of the parser holds 2 GB.", "The cache of the parser holds 2048 MB."),
    ("The cache of the parser holds 2 GB.", "The cache of the parser holds 2000 MB."),
    ("A group holds at least 3 members.", "A group holds 5 members."),
    ("A group holds more than 3 members.", "A group holds more than 5 members."),
    ("A group holds up to 5 members.", "A group holds 3 members."),
    ("A backup takes about 10 minutes.", "A backup takes 11 minutes."),
    ("The repair of the roof takes 3 to 5 days.", "The repair of the roof takes 4 days."),
    ("The repair of the roof takes 3 to 5 days.", "The repair of the roof takes 4 to 6 days."),
    ("RFC 793 describes the protocol.", "RFC 9293 describes the protocol."),
    ("Section 4.2 describes the lease protocol.", "Section 4.3 describes the lease protocol."),
    ("Figure 3 shows the flow of the entries.", "Figure 4 shows the flow of the entries."),
    ("In step 2 the planner splits the question.", "In step 3 the planner splits the question."),
    ("GPT-4 answers the question of the planner.", "GPT-3 answers the question of the planner."),
    ("Python 3.11 has exception groups.", "Python 3.12 has exception groups."),
    ("In 3.11 the limit of the parser is 5.", "In 3.12 the limit of the parser is 6."),
    ("The function was added in version 3.8.", "The function was added in version 3.9."),
    ("The minimum size of a group is 3.", "The maximum size of a group is 5."),
    ("The buffer of the client holds 5 items.", "The buffer of the server holds 6 items."),
    ("The cache holds 5 items before a flush.", "The cache holds 6 items after a flush."),
    ("The cache holds 5 items when it is enabled.", "The cache holds 6 items when it is disabled."),
    ("The first worker takes 5 items.", "The last worker takes 6 items."),
    ("A worker takes 5 items.", "A worker never takes 6 items."),
    ("A worker takes 5 items from the queue.", "A worker does not take 6 items from the queue."),
    ("Until 2019 the limit of the parser was 5.", "Since 2020 the limit of the parser is 6."),
    ("Until 2019 the parser was free.", "Since 2020 the parser was free."),
    (
        "A scan takes 5 seconds for small folders.",
        "The scan of a folder takes 50 seconds for large folders.",
    ),
    ("The scan of a folder takes 5 seconds.", "The scan of a folder takes 50 seconds for large folders."),
    ("The scan of a folder takes 5 seconds on Linux.", "The scan of a folder takes 9 seconds on Windows."),
    ("The scan of a folder takes 5 seconds.", "The scan of a folder takes 9 seconds on Windows."),
    ("The limit of the parser was 5.", "The limit of the parser is 6."),
    ("It takes 5 seconds to scan a folder.", "It takes 9 seconds to scan a folder."),
    ("This limit of the parser is 5.", "This limit of the parser is 6."),
    ("A scan may take 5 seconds for a folder.", "A scan may take 9 seconds for a folder."),
    ("For example, a folder has 5 files and a scan.", "For example, a folder has 9 files and a scan."),
    ("The default is 5.", "The default is 6."),
    ("The limit was raised to 5 in the parser.", "The limit was raised to 6 in the parser."),
    ("The price of bread rose by 5 percent.", "The price of bread rose by 7 percent."),
    ("One worker has 5 items, the other has 6 items.", "One worker has 6 items, the other has 5 items."),
    ("Berlin is 640 km from Paris.", "Madrid is 700 km from Paris."),
    ("`read_timeout` of the client is 5 seconds.", "`write_timeout` of the client is 6 seconds."),
    ("The client of the library waits for 5 seconds.", "The client of the library waits for 5 retries."),
    ("A worker sends 5 entries to a critic.", "A critic sends 6 entries to a worker."),
    ("Vaswani and others (2017) describe the transformer.", "Vaswani and others (2018) describe the transformer."),
    ("The committee of the city met again on 3 May 2021.", "The committee of the city met again on 5 June 2021."),
    ("A meeting of the committee was held on 3 May 2021.", "A meeting of the committee was held on 5 June 2021."),
    ("Is the read timeout 5 seconds?", "Is the read timeout 6 seconds?"),
    ("The river is 640 km long.", "The river is 640.4 km long."),
    ("Pi is 3.14 in the tables of the school.", "Pi is 3.1416 in the tables of the school."),
    ("Some servers of the cluster have 5 disks.", "Some servers of the cluster have 6 disks."),
    ("Chapter 2 of the book has 30 pages.", "Chapter 3 of the book has 40 pages."),
    ("The train to Rome leaves at 10:00.", "The train to Rome leaves at 10 am."),
    ("A ticket to the museum costs $5.", "A ticket to the museum costs 5 euros."),
    ("The lake has a depth of 30 metres.", "The lake has a depth of 30 feet."),
    ("The lock is held by one of the workers.", "The lock is held by two of the workers."),
    ("No one reads the second chapter of the book.", "No two read the second chapter of the book."),
    ("The library has two branches and 30 chairs.", "The library has three branches and 40 chairs."),
    ("The wall is 5 metres high and 3 metres wide.", "The wall is 3 metres high and 5 metres wide."),
    ("A build takes 1 hour on the server.", "A build takes 62 minutes on the server."),
    ("Issue #123 of the parser was fixed.", "Issue #124 of the parser was fixed."),
    ("The parser was fixed by Ada (#123).", "The parser was fixed by Ada (#124)."),
    ("`2` means verbose output of the command.", "`3` means verbose output of the command."),
    (
        "The exit code is 2 if a file is missing.",
        "The exit code is 3 if a board is missing.",
    ),
    ("The red bridge was opened in 1921.", "The bridge was opened in 1922."),
    ("Twice a day the parser reads 5 files.", "Once a day the parser reads 6 files."),
    ("The bridge was opened to trains on 3 May 1921.", "The bridge was opened on 4 May 1921."),
]
SENTENCES = sorted({sentence for pair in (*CLASHES, *NONE) for sentence in pair})
texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(SENTENCES),
    st.lists(
        st.sampled_from(
            [
                "at",
                "least",
                "5",
                "GB",
                "to",
                "-",
                "1,000",
                "one",
                "dozen",
                "May",
                "2019",
                "`7`",
                "Paris",
                "(",
                "3.11",
                "is",
            ]
        )
    ).map(" ".join),
)


class TestAClash:
    @pytest.mark.parametrize(("one", "other"), CLASHES)
    def test_is_two_values_of_the_same(self, one, other):
        found = clash(one, other)
        assert found is not None
        assert found.subject
        for value, sentence in zip(found.values, (one, other), strict=True):
            assert value in sentence.replace("`", "")

    @pytest.mark.parametrize(("one", "other"), NONE)
    def test_is_none_where_both_may_be_right(self, one, other):
        assert clash(one, other) is None

    def test_names_what_both_speak_of_and_what_each_says(self):
        assert clash(
            "Apollo 11 landed on the Moon on 20 July 1969.", "On July 21, 1969, Apollo 11 landed on the Moon."
        ) == (Clash("apollo 11 landed moon", ("20 July 1969", "July 21, 1969")))
        assert clash("At most 5 workers share a board.", "Up to seven workers share a board.") == (
            Clash("workers share board", ("At most 5 workers", "Up to seven workers"))
        )

    @given(texts)
    def test_is_never_found_between_a_sentence_and_itself(self, text):
        assert clash(text, text) is None

    @given(texts, texts)
    def test_is_the_same_from_either_side(self, one, other):
        found, turned = clash(one, other), clash(other, one)
        assert turned == (found and Clash(found.subject, (found.values[1], found.values[0])))

    @given(st.sampled_from(CLASHES + NONE), st.sampled_from([" ", "  ", "\n", "\t ", " \n  "]))
    def test_does_not_depend_on_white_space(self, pair, space):
        one, other = pair
        assert clash(one.replace(" ", space), f" {other}\n") == clash(one, other)

    def test_takes_no_longer_for_a_text_that_is_no_sentence(self):
        assert clash("The read timeout is 5 seconds. " * 10_000, "The read timeout is 6 seconds.") is None


class TestATopic:
    def test_is_what_a_sentence_says_beside_its_value(self):
        assert topic("The read timeout of the `fetch` command is at least 5 seconds.") == "read timeout fetch command"

    def test_is_empty_where_nothing_can_be_contradicted(self):
        assert topic("A lease is a lock that expires.") == ""
        assert topic("For example, the read timeout is 5 seconds.") == ""


class TestAnAmount:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("1,000", 1000),
            ("a thousand", 1000),
            ("two hundred and fifty thousand", 250_000),
            ("twenty-five", 25),
            ("sixteen", 16),
            ("a dozen", 12),
            ("three million", 3_000_000),
            ("2.5 million", 2_500_000),
            ("one hundred", 100),
        ],
    )
    def test_is_read_from_figures_and_words(self, written, meant):
        found = re.fullmatch(NUMBER, written)
        assert found is not None
        assert amount(found.group())[0] == meant

    @given(st.from_regex(FIGURES, fullmatch=True))
    def test_is_read_from_all_figures(self, written):
        assert amount(written)[0] >= 0
