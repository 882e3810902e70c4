"""What families carry: the same after packing, wider with every new key, smaller when keys are forgotten."""

from __future__ import annotations

import numpy as np

from shared.signals import episodes
from shared.signals.families.memory import Memory, pack, unpack


def some_memory() -> Memory:
    memory = Memory()
    lanes = memory.lanes("tvl", {"values": (3,), "last_at": ()})
    rows = lanes.place(["a@x", "b@x", "ü@y"])
    lanes.arrays["values"][rows] = np.arange(9.0).reshape(3, 3)
    lanes.arrays["last_at"][rows[:2]] = 1_763_726_400_000.0
    state = lanes.episodes_of("tvl_anomaly")
    state.open_at[1, 2] = 7
    lanes.episodes["tvl_anomaly"] = state
    memory.lanes("empty").place(["only a key"])
    return memory


def test_what_was_packed_comes_back_and_can_be_changed() -> None:
    memory = some_memory()
    back = unpack(pack(memory))
    assert back is not None
    assert back.keys() == memory.keys()
    assert back["tvl"].keys == ["a@x", "b@x", "ü@y"]
    np.testing.assert_array_equal(back["tvl"].arrays["values"], memory["tvl"].arrays["values"])
    np.testing.assert_array_equal(back["tvl"].arrays["last_at"], memory["tvl"].arrays["last_at"])
    assert back["tvl"].episodes["tvl_anomaly"].open_at[1, 2] == 7
    back["tvl"].arrays["values"][0, 0] = 5.0
    again = unpack(pack(back))
    assert again is not None
    assert pack(again) == pack(back)


def test_no_bytes_are_no_memory_and_damaged_ones_say_so() -> None:
    assert unpack(b"") == Memory()
    whole = pack(some_memory())
    for damaged in (
        whole[:-8],
        whole + b"more",
        whole[:40],
        b"x",
        whole[:4] + b"[1]" + whole[7:],
        b"\0" * 64,
    ):
        assert unpack(damaged) is None


def test_new_keys_get_empty_lanes_and_old_ones_stay_where_they_are() -> None:
    memory = some_memory()
    lanes = memory.lanes("tvl", {"values": (3,)})
    assert lanes.place(["c@x", "a@x", "c@x"]).tolist() == [3, 0, 3]
    assert np.isnan(lanes.arrays["values"][3]).all()
    assert lanes.arrays["values"][1].tolist() == [3.0, 4.0, 5.0]
    wider = lanes.episodes_of("tvl_anomaly")
    assert wider.open_at.shape == (4, 3)
    assert wider.open_at[1, 2] == 7
    assert (wider.last_finding[3] == episodes.NEVER).all()


def test_forgotten_keys_take_their_arrays_and_episodes_with_them() -> None:
    lanes = some_memory()["tvl"]
    lanes.place(["late"])
    lanes.keep(np.array([False, True, False, True]))
    assert lanes.places == {"b@x": 0, "late": 1}
    assert lanes.arrays["values"][0].tolist() == [3.0, 4.0, 5.0]
    assert lanes.episodes["tvl_anomaly"].open_at.tolist() == [[0, 0, 7], [0, 0, 0]]
