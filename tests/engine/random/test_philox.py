"""Philox4x32-10 against the published known answers, and its counter's layout."""

import numpy as np
import pytest

from tengen.kernels.numpy import philox

# Known answers of the Random123 library: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize("counter,key,want", KNOWN)
def test_known_answers(counter, key, want):
    low, high = (np.uint64(counter[i] | counter[i + 1] << 32) for i in (0, 2))
    seed = np.uint64(key[0] | key[1] << 32)
    got = philox.philox(seed, np.array([low]), np.array([high]))
    assert tuple(int(w[0]) for w in got) == want


def test_words_follow_the_counter_across_chunks_and_32_bits():
    state = np.array([5, 2**32 - 3], np.uint64)
    count = 3 * philox._CHUNK
    whole = philox.blocks(np, state, count)
    for number in (0, 2, 3, philox._CHUNK, count - 1):
        one = philox.philox(state[0], np.array([state[1] + np.uint64(number)]), np.uint64(0))
        assert whole[number].tolist() == [int(w[0]) for w in one]
    np.testing.assert_array_equal(philox.words(np, state, 7), whole.reshape(-1)[:7])
    assert philox.words(np, state, 0).shape == (0,)
    assert (philox.blocks(np, state, 4, stream=1) != whole[:4]).any()


def test_uniforms_stay_below_one():
    most = np.array([0xFFFFFFFF, 0], np.uint32)
    np.testing.assert_array_equal(philox.unit32(most), np.array([1 - 2.0**-24, 0], "float32"))
    np.testing.assert_array_equal(philox.unit64(most, most), [1 - 2.0**-53, 0])
