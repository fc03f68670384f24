"""One file a format. Each turns a file into :class:`~chalknet.data.formats.contents.Contents`.

All of them keep three promises. Sizes in a header are compared with the bytes present before
anything is allocated. Whatever is wrong with a file ends in a ``DataFormatError`` that names the
file and the place. Memory stays within 64 MB plus four times the file, unless the caller raises
the limit (``max_bytes``).
"""
