"""MS COCO: everyday scenes with the objects in them."""

from typing import Any

from .annotated import AnnotatedDataset

_NAMES = (
    "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|"
    "stop sign|parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|"
    "backpack|umbrella|handbag|tie|suitcase|frisbee|skis|snowboard|sports ball|kite|"
    "baseball bat|baseball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|"
    "fork|knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|"
    "cake|chair|couch|potted plant|bed|dining table|toilet|tv|laptop|mouse|remote|keyboard|"
    "cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear|"
    "hair drier|toothbrush"
)
_UNUSED = (
    12,
    26,
    29,
    30,
    45,
    66,
    68,
    69,
    71,
    83,
)  # ids of the paper's classes that were never annotated
MIN_KEYPOINTS = 10  # an image with fewer visible keypoints teaches little (Mask R-CNN's rule)


class COCO(AnnotatedDataset):
    """Everyday scenes with objects of 80 classes (Lin et al., arXiv:1405.0312).

    Arguments and entries of a sample as with `AnnotatedDataset`.
    """

    supported_order = ("image", "boxes", "boxes_category", "keypoints", "polygons", "info")
    class_names = tuple(_NAMES.split("|"))
    classes_originID = dict(zip(class_names, sorted(set(range(1, 91)) - set(_UNUSED)), strict=True))
    keypoint_names = (
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    )

    def usable(self, annotations: list[dict[str, Any]]) -> bool:
        """Whether the objects have what `order` asks for, and enough visible keypoints."""
        if not annotations:
            return False
        if "keypoints" not in self.order:
            return True
        if any("keypoints" not in a for a in annotations):
            return False
        visible = sum(v > 0 for a in annotations for v in a["keypoints"][2::3])
        return visible >= MIN_KEYPOINTS
