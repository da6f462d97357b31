"""Papers of drivers and vehicles (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import field, frozen

from .fields import EMPTY, Document, Image, Paper, Text, paper, renamed


@paper("driving_license")
@frozen(kw_only=True)
class DrivingLicense(Paper):
    """A driving licence."""

    class_: Text = renamed("class")
    """Class of vehicles; the vendor's ``class`` (hạng), such as ``B2``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""
    issue_date: Text = EMPTY
    """Date of issue (ngày phát hành), such as ``05/06/2021``."""
    due_date: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``Không thời hạn``."""
    address: Text = EMPTY
    """Place of residence (nơi cư trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    address_town: Text = EMPTY
    """Province or city in `address` (tỉnh, thành phố của địa chỉ), such as ``Hà Nội``."""
    address_town_code: Text = EMPTY
    """Code of the province or city in `address` (mã tỉnh, thành phố của địa chỉ), such as ``01``."""
    address_district: Text = EMPTY
    """District in `address` (quận, huyện của địa chỉ), such as ``Ba Đình``."""
    address_district_code: Text = EMPTY
    """Code of the district in `address` (mã quận, huyện của địa chỉ), such as ``001``."""
    address_ward: Text = EMPTY
    """Ward or commune in `address` (phường, xã của địa chỉ), such as ``Phường Mẫu``."""
    address_ward_code: Text = EMPTY
    """Code of the ward or commune in `address` (mã phường, xã của địa chỉ), such as ``99901``."""


@paper("vehicle_registration_front")
@frozen(kw_only=True)
class VehicleRegistrationFront(Paper):
    """Front of a vehicle's registration."""

    address: Text = EMPTY
    """Address of the owner (địa chỉ chủ xe), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    plate: Text = EMPTY
    """Number plate (biển số xe), such as ``00A-000.01``."""
    issued_at: Text = EMPTY
    """Authority that registered the vehicle (nơi đăng ký), such as ``CA Hà Nội``."""


@paper("vehicle_registration_back")
@frozen(kw_only=True)
class VehicleRegistrationBack(Paper):
    """Back of a vehicle's registration."""

    address: Text = EMPTY
    """Address of the owner (địa chỉ chủ xe), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    engine: Text = EMPTY
    """Engine number (số máy), such as ``000MAU000001``."""
    chassis: Text = EMPTY
    """Chassis number (số khung), such as ``000MAUVIDU0000001``."""
    brand: Text = EMPTY
    """Make (nhãn hiệu), such as ``MẪU MOTOR``."""
    model: Text = EMPTY
    """Model (số loại), such as ``VÍ DỤ 1.5``."""
    color: Text = EMPTY
    """Colour (màu sơn), such as ``Trắng``."""
    capacity: Text = EMPTY
    """Engine capacity (dung tích), such as ``1497``."""
    issued_at: Text = EMPTY
    """Authority that registered the vehicle (nơi đăng ký), such as ``CA Hà Nội``."""
    last_issue_date: Text = EMPTY
    """Date of the latest registration (ngày đăng ký cuối cùng), such as ``05/06/2021``."""
    first_issue_date: Text = EMPTY
    """Date of the first registration (ngày đăng ký đầu tiên), such as ``05/06/2018``."""
    plate: Text = EMPTY
    """Number plate (biển số xe), such as ``00A-000.01``."""
    pay_load: Text = EMPTY
    """Load capacity (trọng tải), such as ``950``."""
    year_of_manufacture: Text = EMPTY
    """Year of manufacture (năm sản xuất), such as ``2020``."""
    sit: Text = EMPTY
    """Seats (số chỗ ngồi), such as ``5``."""
    lie: Text = EMPTY
    """Berths (số chỗ nằm), such as ``0``."""
    stand: Text = EMPTY
    """Standing places (số chỗ đứng), such as ``0``."""
    issued_at_code: Text = EMPTY
    """Code of the authority (mã nơi đăng ký), such as ``01``."""
    address_town: Text = renamed("address_town", "Address_town")
    """Province or city in `address` (tỉnh, thành phố của địa chỉ), such as ``Hà Nội``."""
    address_town_code: Text = renamed("address_town_code", "Address_town_code")
    """Code of the province or city in `address` (mã tỉnh, thành phố của địa chỉ), such as ``01``."""
    address_district: Text = renamed("address_district", "Address_district")
    """District in `address` (quận, huyện của địa chỉ), such as ``Ba Đình``."""
    address_district_code: Text = renamed("address_district_code", "Address_district_code")
    """Code of the district in `address` (mã quận, huyện của địa chỉ), such as ``001``."""
    address_ward: Text = renamed("address_ward", "Address_ward")
    """Ward or commune in `address` (phường, xã của địa chỉ), such as ``Phường Mẫu``."""
    address_ward_code: Text = renamed("address_ward_code", "Address_ward_code")
    """Code of the ward or commune in `address` (mã phường, xã của địa chỉ), such as ``99901``."""


@paper("picertificate")
@frozen(kw_only=True)
class VehicleInspection(Paper):
    """A vehicle's inspection certificate."""

    chassis_number: Text = EMPTY
    """Chassis number (số khung), such as ``000MAUVIDU0000001``."""
    commercial_use: Text = EMPTY
    """Commercial transport (kinh doanh vận tải), such as ``Không``."""
    design_pay_load: Text = EMPTY
    """Load by design (khối lượng hàng theo thiết kế), such as ``950 kg``."""
    design_towed_mass: Text = EMPTY
    """Towed mass by design (khối lượng kéo theo thiết kế), such as ``0 kg``."""
    engine_number: Text = EMPTY
    """Engine number (số máy), such as ``000MAU000001``."""
    inside_cargo_container_dimension: Text = EMPTY
    """Inner dimensions of the cargo box (kích thước thùng hàng), such as ``2000 x 1500 x 1200 mm``."""
    issued_on: Text = EMPTY
    """Station that inspected it (đơn vị kiểm định), such as ``TRUNG TÂM MẪU 0000V``."""
    life_time_limit: Text = EMPTY
    """Year until which it may be used (niên hạn sử dụng), such as ``2045``."""
    manufactured_country: Text = EMPTY
    """Country of manufacture (nước sản xuất), such as ``Việt Nam``."""
    manufactured_year: Text = EMPTY
    """Year of manufacture (năm sản xuất), such as ``2020``."""
    mark: Text = EMPTY
    """Make (nhãn hiệu), such as ``MẪU MOTOR``."""
    model_code: Text = EMPTY
    """Model (số loại), such as ``VÍ DỤ 1.5``."""
    modification: Text = EMPTY
    """Modification (cải tạo), such as ``Không``."""
    permissible_no: Text = EMPTY
    """Number of persons that it may carry (số người cho phép chở), such as ``5``."""
    regis_date: Text = EMPTY
    """Date of registration (ngày đăng ký), such as ``05/06/2021``."""
    registration_number: Text = EMPTY
    """Number plate (biển đăng ký), such as ``00A-000.01``."""
    seri: Text = EMPTY
    """Serial number of the certificate (số sê-ri), such as ``KC-0000001``."""
    tire_size: Text = field(default=EMPTY, metadata={"lines": True})
    """Tyre sizes, one a line; newer answers have a list of them (cỡ lốp), such as ``185/60R15``."""
    type: Text = EMPTY
    """Kind of vehicle (loại phương tiện), such as ``Ô tô con``."""
    valid_until: Text = EMPTY
    """Valid until the end of this day (có hiệu lực đến hết ngày), such as ``04/06/2026``."""
    wheel_form: Text = EMPTY
    """Wheel formula (công thức bánh xe), such as ``4x2``."""
    capacity: Text = EMPTY
    """Engine capacity (dung tích), such as ``1497``."""
    report_number: Text = EMPTY
    """Number of the inspection report (số phiếu kiểm định), such as ``0000V-00001/21``."""
    authorized_pay_load: Text = EMPTY
    """Load that is permitted (khối lượng hàng cho phép), such as ``950 kg``."""
    seat_place: Text = EMPTY
    """Seats (số chỗ ngồi), such as ``5``."""
    lying_place: Text = EMPTY
    """Berths (số chỗ nằm), such as ``0``."""
    stand_place: Text = EMPTY
    """Standing places (số chỗ đứng), such as ``0``."""
    issued_on_code: Text = EMPTY
    """Code of the station (mã đơn vị kiểm định), such as ``01``."""

    @property
    def tire_sizes(self) -> list[str]:
        """The tyre sizes, one for each line of the certificate."""
        return (self.tire_size.value or "").splitlines()


@frozen(kw_only=True)
class Plate(Document):
    """A number plate in a picture."""

    wire_inside = "info"

    plate: Text = EMPTY
    """Number plate (biển số xe), such as ``00A-000.01``."""
    image: Image | None = None
    """The plate, cropped and straightened; only with ``get_thumb`` (ảnh biển số đã cắt và căn chỉnh)."""
