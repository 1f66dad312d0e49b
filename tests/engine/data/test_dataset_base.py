"""The base classes of data sets, and those made of arrays or of other data sets."""

import itertools

import numpy as np
import pytest

from tengen.base.errors import ArgumentError
from tengen.data.dataset import ArrayDataset, ConcatDataset, Dataset, VisionDataset
from tests.engine.api.signatures import check_signature

from .samples import Counting

COVERS = (
    "tengen.data.dataset.ArrayDataset",
    "tengen.data.dataset.ConcatDataset",
    "tengen.data.dataset.Dataset",
    "tengen.data.dataset.VisionDataset",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_array_dataset():
    images, labels = np.arange(12).reshape(3, 4), [7, 8, 9]
    data = ArrayDataset(images, labels)
    assert len(data) == 3
    row, label = data[1]
    assert row.tolist() == [4, 5, 6, 7]
    assert label == 8
    assert [s[1] for s in data] == labels  # plain iteration
    with pytest.raises(ArgumentError, match=r"inconsistent: \[3, 2\]"):
        ArrayDataset(images, [1, 2])
    with pytest.raises(ArgumentError, match="at least one array"):
        ArrayDataset()


def test_concat_dataset():
    parts = [ArrayDataset([1, 2]), ArrayDataset([]), ArrayDataset([3, 4, 5])]
    data = ConcatDataset(iter(parts))
    assert len(data) == 5
    assert [data[i][0] for i in range(5)] == [1, 2, 3, 4, 5]
    assert [data[i][0] for i in range(-5, 0)] == [1, 2, 3, 4, 5]
    assert [s[0] for s in itertools.islice(data, 10)] == [1, 2, 3, 4, 5]
    for index in (5, -6):
        with pytest.raises(ValueError, match=f"index {index} is out of range for 5") as caught:
            data[index]
        assert isinstance(caught.value, IndexError)
    with pytest.raises(ArgumentError, match="at least one data set"):
        ConcatDataset([])
    with pytest.raises(ArgumentError, match="no length to add up"):
        ConcatDataset([parts[0], Counting(3)])


def test_dataset_is_abstract():
    with pytest.raises(TypeError):
        Dataset()

    class Short(Dataset):
        def __init__(self):
            super().__init__()

        def __getitem__(self, index):
            return index

        def __len__(self):
            return 2

    assert Short()[1] == 1


def test_vision_dataset():
    data = VisionDataset("~/x", order=("image", "boxes"), supported_order=("boxes", "image"))
    assert "~" not in data.root
    assert data.order == ("image", "boxes")
    assert VisionDataset(None).order == ("image",)
    with pytest.raises(NotImplementedError):
        data[0]
    with pytest.raises(NotImplementedError):
        len(data)
    with pytest.raises(
        NotImplementedError, match=r"'mask' is an unsupported.*there are \('image',"
    ):
        VisionDataset("x", order=("mask",), supported_order=("image",))
    with pytest.raises(ArgumentError, match="order must be a sequence"):
        VisionDataset("x", order=1)
