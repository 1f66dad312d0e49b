"""Cityscapes and Pascal VOC from small folders."""

import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest

from tengen.base.errors import ArgumentError, FileFormatError
from tengen.data.dataset import (
    Cityscapes,
    PascalVOC,
)
from tengen.data.exceptions import DatasetNotFoundError
from tests.engine.api.signatures import check_signature

from .small_files import write_image

COVERS = (
    "tengen.data.dataset.Cityscapes",
    "tengen.data.dataset.PascalVOC",
    "tengen.data.dataset.PascalVOC.get_img_info",
    "tengen.data.dataset.PascalVOC.parse_voc_xml",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_cityscapes(tmp_path):
    for city, number in (("ulm", 1), ("bonn", 2)):
        stem = f"{city}_000000_00001{number}"
        write_image(tmp_path / "leftImg8bit/val" / city / f"{stem}_leftImg8bit.png", value=number)
        mask = tmp_path / "gtFine/val" / city / f"{stem}_gtFine_labelIds.png"
        mask.parent.mkdir(parents=True)
        cv2.imwrite(str(mask), np.array([[7, 8], [33, 0]], np.uint8))
    data = Cityscapes(str(tmp_path), "val", "gtFine", order=("info", "mask", "image"))
    assert len(data) == 2
    info, mask, image = data[0]
    assert info[:2] == [6, 8]
    assert "bonn" in info[2]
    assert mask.tolist() == [[[0], [1]], [[18], [255]]]
    assert mask.dtype == np.uint8
    assert image[0, 0, 0] == 2
    assert len(Cityscapes(str(tmp_path), "val", "gtFine", order=("mask",))[1]) == 1
    assert len(Cityscapes.class_names) == 19
    with pytest.raises(ArgumentError, match="gtFine: train, test, val"):
        Cityscapes(str(tmp_path), "train_extra", "gtFine")
    with pytest.raises(DatasetNotFoundError, match="train does not exist"):
        Cityscapes(str(tmp_path), "train", "gtFine")


VOC_XML = """<annotation><filename>a.jpg</filename><size><width>8</width></size>
<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox>
</object>{more}</annotation>"""
VOC_DOG = """<object><name>dog</name>
<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>1</ymax></bndbox></object>"""


def voc_root(root):
    for name in ("a", "b", "c"):
        write_image(root / "JPEGImages" / f"{name}.jpg")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "a.xml").write_text(VOC_XML.format(more=""))
    (root / "Annotations" / "b.xml").write_text(VOC_XML.format(more=VOC_DOG))
    (root / "Annotations" / "c.xml").write_text("<annotation><size/></annotation>")
    for kind, names in (("Main", "a\nb\nc\n"), ("Segmentation", "a\n")):
        (root / "ImageSets" / kind).mkdir(parents=True)
        (root / "ImageSets" / kind / "train.txt").write_text(names)
    (root / "ImageSets" / "Segmentation" / "train_aug.txt").write_text("a\n")
    for kind in ("SegmentationClass", "SegmentationClass_aug"):
        (root / kind).mkdir()
    colors = np.array([[[0, 0, 0], [0, 0, 128]], [[128, 64, 0], [192, 224, 224]]], np.uint8)
    cv2.imwrite(str(root / "SegmentationClass" / "a.png"), colors)
    cv2.imwrite(str(root / "SegmentationClass_aug" / "a.png"), np.array([[3, 4]], np.uint8))
    return str(root)


def test_pascal_voc(tmp_path):
    root = voc_root(tmp_path)
    data = PascalVOC(root, "train", order=("image", "boxes", "boxes_category", "info"))
    assert len(data) == 3
    image, boxes, category, info = data[0]
    assert image.shape == (6, 8, 3)
    assert boxes.tolist() == [[1, 2, 3.5, 4]]
    assert category.tolist() == [8]
    assert info == [6, 8, "a"]
    assert data[1][2].tolist() == [8, 12]
    assert data[2][1].shape == (0, 4)
    assert data.get_img_info(1) == {"height": 6, "width": 8, "file_name": "b"}
    only_info = PascalVOC(root, "train", order=("info",))
    assert only_info.get_img_info(2, np.zeros((1, 2, 3)))["width"] == 2
    assert only_info[0] == ([6, 8, "a"],)
    masks = PascalVOC(root, "train", order=("mask",))
    assert masks[0][0].tolist() == [[[0], [1]], [[20], [255]]]
    augmented = PascalVOC(root, "train_aug", order=("image", "mask"))
    assert augmented[0][1].tolist() == [[[3], [4]]]
    assert len(PascalVOC(root, "train")) == 3


def test_parse_voc_xml(tmp_path):
    data = PascalVOC(voc_root(tmp_path), "train")
    for more, count in (("", 1), (VOC_DOG, 2)):
        parsed = data.parse_voc_xml(ElementTree.fromstring(VOC_XML.format(more=more)))
        assert parsed["annotation"]["size"] == {"width": "8"}
        assert parsed["annotation"]["object"][0]["bndbox"]["xmin"] == "1"
        assert len(parsed["annotation"]["object"]) == count


def test_pascal_voc_errors(tmp_path):
    root = voc_root(tmp_path)
    with pytest.raises(ArgumentError, match="not both"):
        PascalVOC(root, "train", order=("boxes", "mask"))
    with pytest.raises(DatasetNotFoundError, match=r"other\.txt does not exist"):
        PascalVOC(root, "other")
    data = PascalVOC(root, "train", order=("boxes_category",))
    (tmp_path / "Annotations" / "a.xml").write_text(VOC_XML.format(more="").replace("cat", "cow?"))
    with pytest.raises(FileFormatError, match=r"no class 'cow\?'"):
        data[0]
    (tmp_path / "Annotations" / "a.xml").write_text("<annotation>")
    with pytest.raises(FileFormatError, match="is no annotation"):
        data[0]
