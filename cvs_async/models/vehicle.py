"""Papers of drivers and vehicles (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, paper, renamed


@paper("driving_license")
@frozen(kw_only=True)
class DrivingLicense(Paper):
    """A driving licence. `class_` is the vendor's ``class``: what may be driven."""

    class_: Text = renamed("class")
    nationality: Text = EMPTY
    issue_date: Text = EMPTY
    due_date: Text = EMPTY
    address: Text = EMPTY


@paper("vehicle_registration_front")
@frozen(kw_only=True)
class VehicleRegistrationFront(Paper):
    """Front of a vehicle's registration."""

    address: Text = EMPTY
    plate: Text = EMPTY
    issued_at: Text = EMPTY


@paper("vehicle_registration_back")
@frozen(kw_only=True)
class VehicleRegistrationBack(Paper):
    """Back of a vehicle's registration."""

    address: Text = EMPTY
    engine: Text = EMPTY
    chassis: Text = EMPTY
    brand: Text = EMPTY
    model: Text = EMPTY
    color: Text = EMPTY
    capacity: Text = EMPTY
    issued_at: Text = EMPTY
    last_issue_date: Text = EMPTY
    first_issue_date: Text = EMPTY
    plate: Text = EMPTY
    pay_load: Text = EMPTY


@paper("picertificate")
@frozen(kw_only=True)
class VehicleInspection(Paper):
    """A vehicle's inspection certificate. `type` is the kind of vehicle."""

    chassis_number: Text = EMPTY
    commercial_use: Text = EMPTY
    design_pay_load: Text = EMPTY
    design_towed_mass: Text = EMPTY
    engine_number: Text = EMPTY
    inside_cargo_container_dimension: Text = EMPTY
    issued_on: Text = EMPTY
    life_time_limit: Text = EMPTY
    manufactured_country: Text = EMPTY
    manufactured_year: Text = EMPTY
    mark: Text = EMPTY
    model_code: Text = EMPTY
    modification: Text = EMPTY
    permissible_no: Text = EMPTY
    regis_date: Text = EMPTY
    registration_number: Text = EMPTY
    seri: Text = EMPTY
    tire_size: Text = EMPTY
    type: Text = EMPTY
    valid_until: Text = EMPTY
    wheel_form: Text = EMPTY
    capacity: Text = EMPTY
    report_number: Text = EMPTY
    authorized_pay_load: Text = EMPTY


@frozen(kw_only=True)
class Plate(Document):
    """A number plate in a picture. `image` is the plate, cut out and straightened; only with ``get_thumb``."""

    wire_inside = "info"

    plate: Text = EMPTY
    image: Image | None = None
