"""COCO and Objects365 from a small file of annotations."""

import json

import numpy as np
import pytest

from tengen.base.errors import FileFormatError
from tengen.data.dataset import (
    COCO,
    Objects365,
)
from tengen.data.exceptions import DatasetNotFoundError
from tests.engine.api.signatures import check_signature

from .small_files import write_image

COVERS = (
    "tengen.data.dataset.COCO",
    "tengen.data.dataset.COCO.get_img_info",
    "tengen.data.dataset.Objects365",
    "tengen.data.dataset.Objects365.get_img_info",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def annotations(tmp_path):
    for number in (3, 1, 2):
        write_image(tmp_path / "images" / f"{number}.png", value=number)
    people = {"keypoints": [1, 2, 2] * 12 + [0, 0, 0] * 5}
    content = {
        "images": [
            {"id": n, "file_name": f"{n}.png", "height": 6, "width": 8, "license": 4}
            for n in (3, 1, 2)
        ],
        "annotations": [
            {"image_id": 1, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0,
             "segmentation": [[0, 0, 1, 1, 2, 0]], **people},
            {"image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2], "iscrowd": 1,
             "segmentation": {"counts": [1], "size": [6, 8]}, **people},
            {"image_id": 3, "category_id": 1, "bbox": [0, 0, 0, 2], "iscrowd": 0,
             "segmentation": [], **people},
        ],
        "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
    }  # fmt: skip
    path = tmp_path / "ann.json"
    path.write_text(json.dumps(content))
    return str(tmp_path / "images"), str(path)


def test_coco(tmp_path):
    root, file = annotations(tmp_path)
    order = ("image", "boxes", "boxes_category", "keypoints", "polygons", "info")
    data = COCO(root, file, order=order)
    assert len(data) == 3
    image, boxes, category, keypoints, polygons, info = data[0]
    assert image[0, 0].tolist() == [1, 1, 1]
    assert boxes.tolist() == [[1, 2, 4, 6], [0, 0, 2, 2]]
    assert boxes.dtype == np.float32
    assert category.tolist() == [2, 1]
    assert category.dtype == np.int32
    assert keypoints.shape == (2, 17, 3)
    assert [p.tolist() for p in polygons[0]] == [[[0, 0], [1, 1], [2, 0]]]
    assert polygons[1] == []
    assert info == [6, 8, "1.png"]
    assert data.get_img_info(2) == {"id": 3, "file_name": "3.png", "height": 6, "width": 8}
    empty = data[1]
    assert empty[1].shape == (0, 4)
    assert empty[3].shape == (0, 17, 3)
    assert data.contiguous_category_id_to_json_id == {1: 1, 2: 18}

    kept = COCO(root, file, True, order=("boxes",))
    assert [kept.get_img_info(i)["id"] for i in range(len(kept))] == [1]
    assert kept[0][0].tolist() == [[1, 2, 4, 6]]  # without the crowd
    assert len(COCO(root, file, True, order=("keypoints",))) == 1
    assert len(COCO(root, file)[0]) == 1
    assert len(COCO.class_names) == len(set(COCO.class_names)) == 80
    assert COCO.classes_originID["toothbrush"] == 90
    assert COCO.classes_originID["wine glass"] == 46
    with pytest.raises(NotImplementedError, match="'mask'"):
        COCO(root, file, order=("mask",))


def test_objects365(tmp_path):
    root, file = annotations(tmp_path)
    data = Objects365(root, file, True, order=("image", "boxes", "boxes_category", "info"))
    assert len(data) == 1
    assert data[0][2].tolist() == [2]
    assert data.get_img_info(0)["file_name"] == "1.png"
    assert len(Objects365.class_names) == 365
    assert Objects365.class_names[0] == "person"
    assert Objects365.class_names[364] == "flashlight"
    with pytest.raises(NotImplementedError, match="'keypoints'"):
        Objects365(root, file, order=("keypoints",))
    with pytest.raises(DatasetNotFoundError, match=r"no\.json does not exist"):
        Objects365(root, str(tmp_path / "no.json"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(FileFormatError, match="no JSON file"):
        COCO(root, str(tmp_path / "bad.json"))
    (tmp_path / "bad.json").write_text('{"images": []}')
    with pytest.raises(FileFormatError, match="lists no 'annotations'"):
        COCO(root, str(tmp_path / "bad.json"))
