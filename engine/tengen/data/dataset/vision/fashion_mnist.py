"""Fashion-MNIST, a drop-in for MNIST that is harder."""

from .mnist import MNIST


class FashionMNIST(MNIST):
    """Articles of clothing: 60,000 images of 28 x 28 to train with, 10,000 to test.

    Xiao, Rasul and Vollgraf, arXiv:1708.07747. Arguments, samples and errors as with `MNIST`;
    Debian's package `dataset-fashion-mnist` is found by itself.
    """

    url_path = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"
    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    raw_file_md5 = (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    )
    system_folders = ("/usr/share/datasets/fashion-mnist",)
    class_names = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
