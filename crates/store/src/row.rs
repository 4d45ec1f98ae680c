//! Rows with names: by our own few lines, since the derive of the library builds every database's driver a second time,
//! for the compiler.

/// A struct that is read from a row, each field from the column of its name. The module above says of which database's `Row`.
macro_rules! row {
    ($(#[$about:meta])* $visible:vis struct $name:ident { $($(#[$told:meta])* $shown:vis $field:ident: $type:ty,)+ }) => {
        $(#[$about])*
        $visible struct $name {
            $($(#[$told])* $shown $field: $type,)+
        }

        impl<'r> sqlx::FromRow<'r, super::Row> for $name {
            fn from_row(row: &'r super::Row) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?,)+ })
            }
        }
    };
}
