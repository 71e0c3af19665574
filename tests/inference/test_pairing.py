from pose_ssl_ros.inference.pairing import Pairer

MS = 1_000_000


def test_tracks_find_their_image_and_older_images_are_skipped() -> None:
    pairs: Pairer[str, str] = Pairer(8)
    for i in (1, 2, 3):
        assert pairs.add_image(i * 100 * MS, f"image{i}") is None
    assert pairs.add_tracks(200 * MS, "tracks2") == ("image2", "tracks2")
    assert pairs.skipped == 1
    assert pairs.add_tracks(300 * MS, "tracks3") == ("image3", "tracks3")
    assert pairs.add_tracks(100 * MS, "tracks1") is None  # a newer frame was answered
    assert (pairs.skipped, pairs.orphans, pairs.paired) == (1, 1, 2)


def test_an_image_may_come_after_its_tracks() -> None:
    pairs: Pairer[str, str] = Pairer(8)
    assert pairs.add_tracks(100 * MS, "tracks") is None
    assert pairs.add_image(100 * MS, "image") == ("image", "tracks")


def test_memory_is_bounded_when_tracks_or_images_stop() -> None:
    pairs: Pairer[str, str] = Pairer(4)
    for i in range(100):
        pairs.add_image(i * MS, "image")
        pairs.add_tracks((i + 10**6) * MS, "tracks")
    assert pairs.skipped == 96
    assert pairs.orphans == 96


def test_a_bag_that_starts_anew_is_paired_again() -> None:
    pairs: Pairer[str, str] = Pairer(4)
    pairs.add_image(20_000 * MS, "end")
    pairs.add_tracks(20_000 * MS, "end")
    pairs.add_image(100 * MS, "start")
    assert pairs.jumps == 1
    assert pairs.add_tracks(100 * MS, "tracks") == ("start", "tracks")


def test_tracks_of_the_new_round_may_come_before_its_first_image() -> None:
    pairs: Pairer[str, str] = Pairer(4)
    pairs.add_image(5 * 1000 * MS, "late")
    assert pairs.add_tracks(5 * 1000 * MS, "late tracks") == ("late", "late tracks")
    assert pairs.add_tracks(6 * 1000 * MS, "of the old round") is None
    assert pairs.add_tracks(1 * 1000 * MS, "early tracks") is None
    assert pairs.add_image(1 * 1000 * MS, "early") == ("early", "early tracks")
    assert (pairs.jumps, pairs.orphans) == (1, 1)


def test_images_without_a_stamp_get_the_next_tracks() -> None:
    pairs: Pairer[str, str] = Pairer(4)
    pairs.add_image(1000 * MS, "old", own_stamp=False)
    pairs.add_image(1100 * MS, "new", own_stamp=False)
    assert pairs.add_tracks(1130 * MS, "tracks") == ("new", "tracks")
    assert pairs.add_tracks(5000 * MS, "late") is None
