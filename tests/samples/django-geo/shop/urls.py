from django.contrib.gis.geos import Point
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

BERLIN = Point(13.405, 52.52, srid=4326)


def home(request: HttpRequest) -> HttpResponse:
    """GDAL and PROJ project the point, GEOS draws a circle around it, and the database says how large that is."""
    circle = BERLIN.transform(25833, clone=True).buffer(1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Area(GeomFromText(%s))", [circle.wkt])
        area = cursor.fetchone()[0]
    return HttpResponse(f"Hello from Berlin, {area / 1e6:.1f} square kilometres around it")


urlpatterns = [path("", home)]
