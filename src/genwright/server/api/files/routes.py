"""``/v1/files``: https://platform.openai.com/docs/api-reference/files."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from starlette.responses import Response

from genwright.library.files import get_file, list_files, read_file_content, remove_file, save_file
from genwright.server.api.shared.stored import format_file, format_list
from genwright.server.deps import InRights, require_action
from genwright.types import Json

router = APIRouter(prefix="/v1/files", tags=["files"])


@router.post("", dependencies=[Depends(require_action("documents.add"))])
def upload_file(
    runtime: InRights,
    file: Annotated[UploadFile, File(description="Its bytes.")],
    purpose: Annotated[str, Form(max_length=50)] = "user_data",
) -> Json:
    """Keep a file; nobody else sees it until it is put into a vector store."""
    return format_file(save_file(runtime, file.filename or "", file.file.read(), purpose))


@router.get("")
def list_own_files(
    runtime: InRights,
    purpose: Annotated[str, Query(max_length=50)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    order: Literal["asc", "desc"] = "desc",
) -> Json:
    """Your files, newest first."""
    found = list_files(
        runtime, purpose=purpose, after=after, limit=limit + 1, oldest_first=order == "asc"
    )
    return format_list([format_file(each) for each in found[:limit]], more=len(found) > limit)


@router.get("/{file}")
def retrieve_file(file: str, runtime: InRights) -> Json:
    """One file."""
    return format_file(get_file(runtime, file))


@router.delete("/{file}")
def delete_file(file: str, runtime: InRights) -> Json:
    """Remove a file; documents made of it stay."""
    remove_file(runtime, file)
    return {"id": file, "object": "file", "deleted": True}


@router.get("/{file}/content")
def get_file_content(file: str, runtime: InRights) -> Response:
    """The bytes of a file, as an attachment that a browser does not open."""
    about, data = read_file_content(runtime, file)
    return make_attachment(about.name, data)


def make_attachment(name: str, data: bytes) -> Response:
    """Bytes to be saved and never shown, whatever they are."""
    return Response(
        data,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )
