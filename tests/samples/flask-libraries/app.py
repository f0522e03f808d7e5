"""Each of these is of no use without a library that its package does not bring."""

import cairosvg
import magic
import MySQLdb
import pyvips
from flask import Flask
from wand.image import Image

app = Flask(__name__)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="green"/></svg>'
)


@app.get("/")
def home() -> str:
    drawn = cairosvg.svg2png(SVG)
    with Image(blob=drawn) as image:
        image.rotate(90)
        turned = image.make_blob("png")
    half = pyvips.Image.new_from_buffer(turned, "").resize(0.5)
    kind = magic.from_buffer(half.write_to_buffer(".png"), mime=True)
    client = "a client of MySQL" if MySQLdb.get_client_info() else ""
    return f"Hello from {half.width} x {half.height} of {kind}, {client}"
