from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.atom import Atom


T = TypeVar("T", bound="AtomList")


@_attrs_define
class AtomList:
    """What a query asks for.

    Attributes:
        atoms (list[Atom]):
    """

    atoms: list[Atom]

    def to_dict(self) -> dict[str, Any]:
        atoms = []
        for atoms_item_data in self.atoms:
            atoms_item = atoms_item_data.to_dict()
            atoms.append(atoms_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "atoms": atoms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.atom import Atom  # noqa: PLC0415

        d = dict(src_dict)
        atoms = []
        _atoms = d.pop("atoms")
        for atoms_item_data in _atoms:
            atoms_item = Atom.from_dict(atoms_item_data)

            atoms.append(atoms_item)

        atom_list = cls(
            atoms=atoms,
        )

        return atom_list
