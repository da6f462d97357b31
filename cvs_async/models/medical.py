"""Medical papers of health-insurance claims (newer pages, claims). Amounts and dates are text as printed."""

from __future__ import annotations

from attrs import Factory, frozen

from .claims import ClaimPaper
from .fields import EMPTY, Document, Image, Text, listed, paper, renamed, scored
from .tables import BLANK, Cell, Row


@frozen(kw_only=True)
class IcdCode(Document):
    """A code of a disease."""

    icd: Text = scored("icd")
    """The code by ICD-10 (mã bệnh), such as ``J02.9``."""


@frozen(kw_only=True)
class Drug(Document):
    """A line of a prescription. Confidence and box of the drug are those of the line."""

    drug: Text = scored("drug")
    """Name and strength (tên thuốc), such as ``Paracetamol 500mg``."""
    quantity: Text = renamed("quanlity", "quantity")
    """Quantity; the vendor's ``quanlity`` (số lượng), such as ``10``."""


@frozen(kw_only=True)
class ExpenseRow(Row):
    """One row of a list of expenses."""

    goods: Cell = BLANK
    """Good or service (hàng hóa, dịch vụ), such as ``Khám bệnh``."""
    patient_pays: Cell = BLANK
    """Amount that the patient pays, as printed (bệnh nhân trả), such as ``100.000``."""
    quantity: Cell = BLANK
    """Quantity (số lượng), such as ``1``."""
    unit_price: Cell = BLANK
    """Price of one, as printed (đơn giá), such as ``100.000``."""


@frozen(kw_only=True)
class ExpenseTables(Document):
    """The tables of a list of expenses: pictures, pages and rows, in one order."""

    image_table: list[Image] = listed()
    """Pictures of the tables (ảnh các bảng)."""
    page_table: list[int] = listed()
    """The page of each table (trang của từng bảng)."""
    tables: list[list[ExpenseRow]] = listed("info_table")
    """The rows of each table; the vendor's ``info_table`` (các hàng của từng bảng)."""


@paper("hospital_discharge_paper")
@frozen(kw_only=True)
class DischargePaper(ClaimPaper):
    """A hospital's discharge paper."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    year_of_birth: Text = EMPTY
    """Year of birth (năm sinh), such as ``1990``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    department: Text = EMPTY
    """Department (khoa), such as ``Khoa Nội``."""
    diagnose: Text = EMPTY
    """Diagnosis (chẩn đoán), such as ``Viêm họng cấp``."""
    treatments: Text = EMPTY
    """Treatments (phương pháp điều trị), such as ``Nội khoa``."""
    hospitalization_date: Text = EMPTY
    """Date of admission (ngày nhập viện), such as ``05/06/2024``."""
    hospital_discharge_date: Text = EMPTY
    """Date of discharge (ngày ra viện), such as ``09/06/2024``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    icd_10: list[IcdCode] = listed()
    """Codes of diseases by ICD-10 (mã bệnh ICD-10)."""


@paper("list_expense")
@frozen(kw_only=True)
class ExpenseList(ClaimPaper):
    """A hospital's list of expenses. In older answers, the vendor's name of `image_list` is ``image``."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    diagnosis: Text = EMPTY
    """Diagnosis (chẩn đoán), such as ``Viêm họng cấp``."""
    hospitalization_date: Text = EMPTY
    """Date of admission (ngày nhập viện), such as ``05/06/2024``."""
    hospital_discharge_date: Text = EMPTY
    """Date of discharge (ngày ra viện), such as ``09/06/2024``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    table_date: Text = EMPTY
    """Date of the list (ngày lập bảng kê), such as ``09/06/2024``."""
    table_number: Text = EMPTY
    """Number of the list (số bảng kê), such as ``000001``."""
    total_payment: Text = EMPTY
    """Sum, as printed (tổng tiền thanh toán), such as ``1.100.000``."""
    icd_10: list[IcdCode] = listed()
    """Codes of diseases by ICD-10 (mã bệnh ICD-10)."""
    table: ExpenseTables = Factory(ExpenseTables)
    """The expenses (bảng chi phí)."""
    image_list: list[Image] = listed("image_list", "image")
    """Pictures of the pages (ảnh các trang bảng kê)."""


@paper("prescription")
@frozen(kw_only=True)
class Prescription(ClaimPaper):
    """A doctor's prescription."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    year_of_birth: Text = EMPTY
    """Year of birth (năm sinh), such as ``1990``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    diagnose: Text = EMPTY
    """Diagnosis (chẩn đoán), such as ``Viêm họng cấp``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    prescription_date: Text = EMPTY
    """Date of the prescription (ngày kê đơn), such as ``05/06/2024``."""
    icd_10: list[IcdCode] = listed()
    """Codes of diseases by ICD-10 (mã bệnh ICD-10)."""
    drug_info: list[Drug] = listed()
    """The drugs, line by line (danh sách thuốc)."""
    image_drug: Image | None = None
    """The part of the picture that holds the drugs (ảnh phần thuốc)."""


@paper("surgical_certificate")
@frozen(kw_only=True)
class SurgicalCertificate(ClaimPaper):
    """A certificate of surgery."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    department: Text = EMPTY
    """Department (khoa), such as ``Khoa Nội``."""
    diagnose: Text = EMPTY
    """Diagnosis (chẩn đoán), such as ``Viêm họng cấp``."""
    surgical_day: Text = EMPTY
    """Day of the operation (ngày phẫu thuật), such as ``06/06/2024``."""
    surgical_doctor: Text = EMPTY
    """Surgeon (bác sĩ phẫu thuật), such as ``BS. TRẦN VÍ DỤ``."""
    anesthesiologist: Text = EMPTY
    """Anaesthetist (bác sĩ gây mê), such as ``BS. LÊ VÍ DỤ``."""
    anesthetic_method: Text = EMPTY
    """Method of anaesthesia (phương pháp vô cảm), such as ``Gây mê``."""
    hospitalization_date: Text = EMPTY
    """Date of admission (ngày nhập viện), such as ``05/06/2024``."""
    hospital_discharge_date: Text = EMPTY
    """Date of discharge (ngày ra viện), such as ``09/06/2024``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""


@paper("discharge_report")
@frozen(kw_only=True)
class DischargeReport(ClaimPaper):
    """A hospital's report at the end of a stay."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = renamed("gender", "ender")
    """Sex; its box is printed ``ender_box`` (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    department: Text = EMPTY
    """Department (khoa), such as ``Khoa Nội``."""
    hospitalization_date: Text = EMPTY
    """Date of admission (ngày nhập viện), such as ``05/06/2024``."""
    hospitalization_reason: Text = EMPTY
    """Reason of the admission (lý do nhập viện), such as ``Sốt cao``."""
    discharge_date: Text = EMPTY
    """Date of discharge (ngày ra viện), such as ``09/06/2024``."""
    hospital_discharge_status: Text = EMPTY
    """State at discharge (tình trạng ra viện), such as ``Khỏi``."""
    pathological_process: Text = EMPTY
    """Course of the illness (quá trình bệnh lý), such as ``Sốt 2 ngày``."""
    preliminary_diagnosis: Text = EMPTY
    """Results of the laboratory (kết quả xét nghiệm), such as ``Bạch cầu tăng``."""
    definitive_diagnosis: Text = EMPTY
    """Definitive diagnosis (chẩn đoán xác định), such as ``Viêm họng cấp``."""
    prescribed_medicines: Text = EMPTY
    """Medicines that were prescribed (thuốc đã dùng), such as ``Paracetamol``."""
    treatment_method: Text = EMPTY
    """Method of treatment (phương pháp điều trị), such as ``Nội khoa``."""
    followup_treatment_plan: Text = EMPTY
    """Further treatment (hướng điều trị tiếp theo), such as ``Tái khám sau 7 ngày``."""


@paper("medical_report")
@frozen(kw_only=True)
class MedicalReport(ClaimPaper):
    """A medical report."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    date_of_examination: Text = EMPTY
    """Date of the examination (ngày khám), such as ``05/06/2024``."""
    date_of_reexamination: Text = EMPTY
    """Date of the next examination (ngày tái khám), such as ``12/06/2024``."""
    symptom: Text = EMPTY
    """Symptoms (triệu chứng), such as ``Ho, sốt``."""
    medical_history: Text = EMPTY
    """Medical history (tiền sử bệnh), such as ``Không``."""
    pathological_process: Text = EMPTY
    """Course of the illness (quá trình bệnh lý), such as ``Sốt 2 ngày``."""
    clinical_examination: Text = EMPTY
    """Clinical examination (khám lâm sàng), such as ``Họng đỏ``."""
    medical_tests: Text = EMPTY
    """Tests (xét nghiệm), such as ``Công thức máu``."""
    preliminary_diagnosis: Text = EMPTY
    """Preliminary diagnosis (chẩn đoán sơ bộ), such as ``Sốt chưa rõ nguyên nhân``."""
    icd: Text = EMPTY
    """Code of the disease (mã bệnh), such as ``J02.9``."""
    treatment_method: Text = EMPTY
    """Method of treatment (phương pháp điều trị), such as ``Nội khoa``."""


@paper("specify_vote")
@frozen(kw_only=True)
class TestOrder(ClaimPaper):
    """An order for tests."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    preliminary_diagnosis: Text = EMPTY
    """Preliminary diagnosis (chẩn đoán sơ bộ), such as ``Sốt chưa rõ nguyên nhân``."""
    designated_date: Text = EMPTY
    """Date of the order (ngày chỉ định), such as ``05/06/2024``."""
    designated_doctor: Text = EMPTY
    """Doctor who ordered it (bác sĩ chỉ định), such as ``BS. TRẦN VÍ DỤ``."""
    designated_place: Text = EMPTY
    """Place of the order (nơi chỉ định), such as ``Khoa Khám bệnh``."""
    test_place: Text = EMPTY
    """Place of the tests (nơi thực hiện), such as ``Khoa Xét nghiệm``."""


@paper("test_results")
@frozen(kw_only=True)
class TestResults(ClaimPaper):
    """Results of tests."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    preliminary_diagnosis: Text = EMPTY
    """Preliminary diagnosis (chẩn đoán sơ bộ), such as ``Sốt chưa rõ nguyên nhân``."""
    designated_date: Text = EMPTY
    """Date of the order (ngày chỉ định), such as ``05/06/2024``."""
    designated_doctor: Text = EMPTY
    """Doctor who ordered it (bác sĩ chỉ định), such as ``BS. TRẦN VÍ DỤ``."""
    test_date: Text = EMPTY
    """Date of the tests (ngày xét nghiệm), such as ``05/06/2024``."""


@paper("medical_examination")
@frozen(kw_only=True)
class MedicalExamination(ClaimPaper):
    """The sheet of an examination."""

    patient_name: Text = EMPTY
    """Full name of the patient (họ tên bệnh nhân), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    pid: Text = EMPTY
    """Number of the patient (mã bệnh nhân), such as ``000000001``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    date_of_examination: Text = EMPTY
    """Date of the examination (ngày khám), such as ``05/06/2024``."""
    symptom: Text = EMPTY
    """Symptoms (triệu chứng), such as ``Ho, sốt``."""
    medical_history: Text = EMPTY
    """Medical history (tiền sử bệnh), such as ``Không``."""
    pathological_process: Text = EMPTY
    """Course of the illness (quá trình bệnh lý), such as ``Sốt 2 ngày``."""
    clinical_examination: Text = EMPTY
    """Clinical examination (khám lâm sàng), such as ``Họng đỏ``."""
    preliminary_diagnosis: Text = EMPTY
    """Preliminary diagnosis (chẩn đoán sơ bộ), such as ``Sốt chưa rõ nguyên nhân``."""
    definitive_diagnosis: Text = EMPTY
    """Definitive diagnosis (chẩn đoán xác định), such as ``Viêm họng cấp``."""
    conclusion: Text = EMPTY
    """Conclusion (kết luận), such as ``Điều trị ngoại trú``."""
    icd_10: list[IcdCode] = listed()
    """Codes of diseases by ICD-10 (mã bệnh ICD-10)."""


@paper("health_records")
@frozen(kw_only=True)
class HealthRecords(ClaimPaper):
    """A health booklet."""

    insure_name: Text = EMPTY
    """Full name of the insured person (họ tên người được bảo hiểm), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
