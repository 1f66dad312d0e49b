"""Whether a node has the inputs, outputs and attributes that ONNX defines for its operator."""

from typing import Any

from ..base.errors import FileFormatError
from .onnx_file import NAME, OnnxFile, describe
from .onnx_library import onnx


def check_signature(node: Any, number: int, file: OnnxFile) -> None:
    """Raise FileFormatError for a node of another form than its operator's definition.

    An operator that the file's opset does not define passes: some writers are ahead of theirs.
    """
    definitions = onnx("defs")
    if not definitions.has(node.op_type, ""):
        return
    try:
        schema = definitions.get_schema(node.op_type, file.opset, "")
    except definitions.SchemaError:
        return
    reason = (
        _counted("inputs", node.input, schema.min_input, schema.max_input)
        or _counted("outputs", node.output, schema.min_output, schema.max_output)
        or _left_out(node, schema)
        or _attributes(node, schema)
    )
    if reason:
        raise FileFormatError(f"[{NAME}] {file.name}: {describe(node, number)} {reason}")


def _counted(what: str, names: Any, least: int, most: int) -> str:
    if least <= len(names) <= most:
        return ""
    wanted = str(least) if least == most else f"{least} to {most}"
    return f"has {len(names)} {what}; the operator has {wanted}"


def _left_out(node: Any, schema: Any) -> str:
    """An input that is left out and must not be."""
    for name, form in zip(node.input, schema.inputs, strict=False):
        if not name and form.option == type(form.option).Single:
            return f"has no input {form.name!r}, which the operator needs"
    return ""


def _attributes(node: Any, schema: Any) -> str:
    """An attribute that is missing or of another type."""
    kinds = onnx().AttributeProto.AttributeType
    for given in node.attribute:
        form = schema.attributes.get(given.name)
        if form is not None and given.type != int(form.type.value):
            got = kinds.Name(given.type) if given.type in kinds.values() else given.type
            return f"has the attribute {given.name!r} as {got}; it is {form.type.name}"
    present = {given.name for given in node.attribute}
    missing = [n for n, form in schema.attributes.items() if form.required and n not in present]
    return f"lacks the attribute {missing[0]!r}" if missing else ""
